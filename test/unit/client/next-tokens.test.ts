import { expect, test } from "vitest";
import { nextTokens, nextWords } from "../../../src/client/next-tokens.ts";

const at = Date.parse("2026-11-27T00:00:00Z");
const read = (next: string | undefined, time: string | undefined) =>
  nextTokens({ header: (name) => (name === "Tokens-Next" ? next : time) });

test.each([
  ["1000", "2026-11-27T00:00:00Z", { tokens: 1000, at }],
  ["0", "2026-11-27T00:00:00Z", undefined],
  ["many", "2026-11-27T00:00:00Z", undefined],
  ["-5", "2026-11-27T00:00:00Z", undefined],
  ["1000", "soon", undefined],
  ["1000", undefined, undefined],
  [undefined, "2026-11-27T00:00:00Z", undefined],
])("reads Tokens-Next %s and Tokens-Next-At %s", (next, time, expected) => {
  expect(read(next, time)).toEqual(expected);
});

test("says the time, and the date of a refill that is more than a day away", () => {
  const hour = 60 * 60 * 1000;
  expect(nextWords({ tokens: 1000, at }, at - hour)).toBe("next 1,000 tokens at 00:00 UTC");
  expect(nextWords({ tokens: 1, at }, at - 24 * hour)).toBe("next token at 00:00 UTC");
  expect(nextWords({ tokens: 1000, at }, at - 25 * hour)).toBe(
    "next 1,000 tokens on 2026-11-27 at 00:00 UTC",
  );
});
