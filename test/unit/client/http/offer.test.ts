import { describe, expect, it } from "vitest";
import { createOffer, type KeptOffer } from "../../../../src/client/http/offer.ts";
import type { Reply, Transport } from "../../../../src/client/http/transport.ts";

const HOUR = 60 * 60 * 1000;
const NOW = Date.parse("2026-11-25T12:00:00Z");

/** The price that is used where an offer of 7 tokens was kept at that time, and the server now says 100. */
async function priceWith(at: number): Promise<number | null> {
  let kept: KeptOffer | undefined = { at, extensions: [], price: 7, model: null };
  const text = async () => JSON.stringify({ extensions: [], price: 100 });
  const transport = { send: async () => ({ status: 200, text }) as unknown as Reply } as unknown as Transport;
  const cache = { read: () => kept, write: (offer: KeptOffer) => void (kept = offer) };
  const { price } = await createOffer(transport, { cache, now: () => NOW })();
  return price;
}

describe("a kept offer", () => {
  it("is used for a day", async () => {
    expect(await priceWith(NOW - 23 * HOUR)).toBe(7);
    expect(await priceWith(NOW - 25 * HOUR)).toBe(100);
  });

  it("of a clock that ran ahead is asked for again, not used until that time has come", async () => {
    expect(await priceWith(NOW + 25 * HOUR)).toBe(100);
    expect(await priceWith(NOW + 10_000 * HOUR)).toBe(100);
  });
});

it.each([
  [
    { message: 5, context: 9, turns: 200 },
    { message: 5, context: 9, turns: 200 },
  ],
  [{ message: 5, context: -1, turns: 200 }, undefined],
  [{ message: 5 }, undefined],
  ["many", undefined],
  [undefined, undefined],
])("has the limits %j as %j", async (limits, read) => {
  const body = { extensions: [], limits, models: [] };
  const reply = { status: 200, text: async () => JSON.stringify(body) } as unknown as Reply;
  const transport = { send: async () => reply } as unknown as Transport;
  expect((await createOffer(transport, { now: () => NOW })()).limits).toEqual(read);
});

it("is unknown while the server or a gateway fails for a moment, so that no history is left out", async () => {
  const none = async function* () {};
  const failing = { status: 503, header: () => undefined, text: async () => "", pieces: none };
  const transport = { send: async () => failing, close: async () => undefined };
  await expect(createOffer(transport, { now: () => 0 })()).rejects.toMatchObject({
    status: 503,
    charged: "no",
  });
});
