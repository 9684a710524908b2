import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createWholeCharacters } from "../../../src/text/whole-characters.ts";

function passOn(pieces: string[]): string[] {
  const characters = createWholeCharacters();
  return [...pieces.map((piece) => characters.push(piece)), characters.end()];
}

test("a character that two pieces split comes whole with the second", () => {
  expect(passOn(["Hi \ud83d", "\ude00!"])).toEqual(["Hi ", "😀!", ""]);
});

test.each([
  ["a first half before other text", ["a\ud83d", "b"], ["a", "\ufffdb", ""]],
  ["a first half before another", ["\ud83d", "\ud83d", "\ude00"], ["", "\ufffd", "😀", ""]],
  ["a second half alone", ["a", "\ude00"], ["a", "\ufffd", ""]],
  ["a first half at the end", ["a\ud83d"], ["a", "\ufffd"]],
])("%s becomes U+FFFD", (_what, pieces, whole) => {
  expect(passOn(pieces)).toEqual(whole);
});

test("no piece is ill-formed, and joined they are the text made well-formed, wherever it is cut", () => {
  const units = fc.array(fc.constantFrom("a", "\ud83d", "\ude00", "é", ""));
  fc.assert(
    fc.property(units, (pieces) => {
      const whole = passOn(pieces);
      expect(whole.every((piece) => piece.isWellFormed())).toBe(true);
      expect(whole.join("")).toBe(pieces.join("").toWellFormed());
    }),
  );
});
