import { assert, constantFrom, integer, oneof, property, string } from "fast-check";
import { expect, test } from "vitest";
import { segmenter } from "../../../../src/tui/terminal/segmenter.ts";

const intl = new Intl.Segmenter();
const graphemes = (by: Pick<Intl.Segmenter, "segment">, text: string) =>
  [...by.segment(text)].map(({ segment, index }) => ({ segment, index }));

test("each character below U+0300 is split from others as Intl.Segmenter splits it", () => {
  const others = ["a", "\n", "\u001b", "\u00a9", "\u00ad", "\u00e9", "\u02b0"];
  for (let code = 0; code < 0x300; code++) {
    const character = String.fromCharCode(code);
    const text = character + others.map((other) => other + character).join("");
    expect(graphemes(segmenter, text)).toEqual(graphemes(intl, text));
  }
});

const texts = oneof(
  string({ unit: "binary" }),
  string({
    unit: constantFrom("a", "é", "\r", "\n", "\u001b", "\u0301", "\u00ad", "한", "👩", "\u200d"),
  }),
);

test("any text is split as Intl.Segmenter splits it", () => {
  assert(
    property(texts, (text) => {
      expect(graphemes(segmenter, text)).toEqual(graphemes(intl, text));
    }),
  );
});

test("the grapheme at any place is the same, and there is none outside", () => {
  assert(
    property(texts, integer({ min: -2, max: 12 }), (text, at) => {
      expect(segmenter.segment(text).containing(at)?.segment).toBe(
        intl.segment(text).containing(at)?.segment,
      );
    }),
  );
});
