import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseExact, stringifyExact } from "../../../src/text/exact-json.ts";

test("keeps integers that a double cannot hold", () => {
  const text = `{"a":[12345678901234567,-9223372036854775807],"b":{"c":18446744073709551615},"d":7,"e":9007199254740991}`;
  expect(parseExact(text)).toEqual({
    a: [12345678901234567n, -9223372036854775807n],
    b: { c: 18446744073709551615n },
    d: 7,
    e: 9007199254740991,
  });
  expect(stringifyExact(parseExact(text))).toBe(text);
});

test.each([
  ["in a text", `{"a":"12345678901234567890, \\": [12345678901234567890]"}`],
  ["in a name", `{"12345678901234567890":1}`],
  ["with a fraction", "[1234567890123456789.5]"],
  ["with an exponent", "[1234567890123456789e1]"],
  ["after the point", "[0.12345678901234567890]"],
  ["beyond the range of a double", `[${"9".repeat(309)}, ${"9".repeat(100_000)}, 1e300]`],
])("leaves digits alone that are no integer: %s", (_what, text) => {
  expect(parseExact(text)).toEqual(JSON.parse(text));
});

test.each([
  "[01234567890123456789]",
  "{12345678901234567890:1}",
  "[12345678901234567890 1]",
  "12345678901234567890x",
])("refuses what is no JSON: %s", (text) => {
  expect(() => parseExact(text)).toThrow(SyntaxError);
});

test("keeps the digits of the longest integer that a double can have", () => {
  const text = `[${"1".repeat(308)},-${"1".repeat(308)}]`;
  expect(stringifyExact(parseExact(text))).toBe(text);
});

const isSafe = (value: unknown) =>
  (JSON.stringify(value).match(/\d{16,}/g) ?? []).every((digits) => Number.isSafeInteger(Number(digits)));

test("reads and writes everything else as JSON does", () => {
  fc.assert(
    fc.property(fc.jsonValue().filter(isSafe), fc.maxSafeInteger(), (value, number) => {
      const text = JSON.stringify([value, number, "x"]);
      expect(parseExact(text)).toEqual(JSON.parse(text));
      expect(stringifyExact(parseExact(text))).toBe(JSON.stringify(JSON.parse(text)));
      const long = `[12345678901234567890,${text}]`;
      expect(stringifyExact(parseExact(long))).toBe(
        `[12345678901234567890,${JSON.stringify(JSON.parse(text))}]`,
      );
    }),
  );
});

test("a long text with escapes takes no stack", () => {
  const text = JSON.stringify({ a: '"\\'.repeat(300_000), b: 1 }).replace(/1}$/, "12345678901234567890}");
  expect((parseExact(text) as { b: bigint }).b).toBe(12345678901234567890n);
});
