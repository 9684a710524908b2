import { expect, test } from "vitest";
import { settle } from "../../../src/protocol/settle.ts";

/** What a stopped question cost at a price of 100, where the balance was 4,000 and is told like this one after the other. */
async function settled(...balances: ({ tokens: number | null; held: number | null } | Error)[]) {
  let now = 0;
  const client = {
    async balance() {
      const next = balances.shift() ?? new Error("no connection");
      if (next instanceof Error) throw next;
      return next;
    },
  };
  const sleep = async (milliseconds: number) => void (now += milliseconds);
  return settle({ client, before: 4000, price: 100, sleep, now: () => now });
}

test("the cost of a stopped question is what the balance lost, once nothing is held", async () => {
  expect(await settled({ tokens: 4000, held: 100 }, { tokens: 3900, held: 0 })).toEqual({
    cost: 100,
    tokens: 3900,
  });
  expect(await settled({ tokens: 4000, held: 0 })).toEqual({ cost: 0, tokens: 4000 });
});

test("the cost of a stopped question is unknown if the balance changed by anything but one price", async () => {
  expect(await settled({ tokens: 3800, held: 0 })).toEqual({ cost: null, tokens: 3800 });
  expect(await settled({ tokens: 8000, held: 0 })).toEqual({ cost: null, tokens: 8000 });
});

test("a server that does not report what is held has settled once the balance went down", async () => {
  expect(await settled({ tokens: 4000, held: null }, { tokens: 3900, held: null })).toEqual({
    cost: 100,
    tokens: 3900,
  });
});

test("the cost of a stopped question is unknown if the server does not say it within 2 s", async () => {
  expect(await settled(new Error("no connection"), { tokens: 4000, held: 0 })).toEqual({
    cost: 0,
    tokens: 4000,
  });
  expect(await settled()).toEqual({ cost: null, tokens: null });
});
