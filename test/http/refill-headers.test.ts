import { afterEach, expect, test } from "vitest";
import type { Balance } from "../../src/server/core/ports.ts";
import { openWiredServer } from "./wired-server.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const names = ["tokens-next", "tokens-next-at"];
const next = { tokens: 1000, at: Date.parse("2026-12-01T00:00:00Z") };

async function open(balance: Balance) {
  const server = await openWiredServer({
    provider: { model: "m", answer: async () => "Yes.", close: async () => {} },
    around: () => ({
      balance: async () => balance,
      hold: async () => ({ kind: balance.tokens < 100 ? "insufficient" : "all_held", balance }),
    }),
  });
  closers.push(() => server.close());
  const headers = { Authorization: `Bearer ${server.token}`, "Content-Type": "application/json" };
  const request = async (path: string, body?: string) => {
    const reply = await fetch(`${server.url}/api/${path}/`, {
      headers,
      ...(body && { method: "POST", body }),
    });
    const json = (await reply.json()) as Record<string, unknown>;
    return { status: reply.status, json, next: names.map((name) => reply.headers.get(name)) };
  };
  return { balance: () => request("token_balance"), ask: () => request("chat", '{"message":"hello"}') };
}

test("tells of the next refill with the balance and with each 402", async () => {
  const expected = ["1000", "2026-12-01T00:00:00Z"];
  const poor = await open({ tokens: 99, held: 0, next });
  expect(await poor.balance()).toEqual({ status: 200, json: { tokens: 99 }, next: expected });
  const refused = await poor.ask();
  expect(refused).toMatchObject({
    status: 402,
    json: { code: "insufficient_tokens", tokens: 99, held: 0, required: 100 },
    next: expected,
  });
  expect(refused.json["error"]).toContain("1000 more come at 2026-12-01T00:00:00Z.");
  const busy = await open({ tokens: 100, held: 100, next });
  expect(await busy.ask()).toMatchObject({ status: 402, json: { code: "tokens_held" }, next: expected });
});

test("tells nothing of refills without any", async () => {
  const server = await open({ tokens: 99, held: 0 });
  expect((await server.balance()).next).toEqual([null, null]);
  expect(await server.ask()).toMatchObject({ status: 402, next: [null, null] });
});
