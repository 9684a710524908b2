import { assert, constantFrom, json, oneof, property, string } from "fast-check";
import { expect, test } from "vitest";
import { scanJson } from "../../../src/text/json-scan.ts";

const valueOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return "broken";
  }
};

test("what JSON.parse takes has the same value, and what it refuses is broken", () => {
  const noise = string({ unit: constantFrom(...'{}[]",:\\u0e+-.1 \n\ttruefalsn'.split("")) });
  assert(
    property(oneof(json(), noise), (text) => {
      const scanned = scanJson(text);
      expect("value" in scanned ? scanned.value : "broken").toEqual(valueOf(text));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["", 1, 1],
  ['{\n  "a": 1,\n}', 3, 1],
  ['{"a": b}', 1, 7],
  ['{"a" 1}', 1, 6],
  ['{"a": "x\ny"}', 1, 7],
  ["[1 2]", 1, 4],
  ["{} x", 1, 4],
  ["[[", 1, 3],
])("%j is broken at line %i, column %i", (text, line, column) => {
  expect(scanJson(text)).toEqual({ broken: { line, column } });
});

test("a name that comes twice is reported with its path and place", () => {
  const text = '{"a": 1,\n "b": [{}, {"c": {"d": 1, "\\u0064": 2}}],\n "a": 2}';
  expect(scanJson(text)).toMatchObject({
    doubled: [
      { path: "b[1].c.d", line: 2, column: 27 },
      { path: "a", line: 3, column: 2 },
    ],
  });
});

test("100,000 lists inside each other are broken, not a crash", () => {
  expect(scanJson("[".repeat(100_000))).toMatchObject({ broken: { line: 1 } });
});
