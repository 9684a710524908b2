import { assert, constantFrom, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { createWordFinder } from "../../../../src/client/conversations/words.ts";

const letters = string({
  unit: constantFrom(
    "a",
    "E",
    "é",
    "e\u0301",
    "ñ",
    "Ж",
    "ё",
    "σ",
    "ς",
    "ὁ",

    "天",
    "👩",
    "“",
    "\u05e9\u05c1",
    "1",
    "]",
    "^",
    "\\",
    "/",
    ".",
    "&",
    '"',
    "-",
  ),
  minLength: 1,
  maxLength: 3,
});

describe("words that are looked for", () => {
  it("are found in any text around them, and the look at its bytes overlooks none", () => {
    assert(
      property(letters, letters, string({ unit: "grapheme" }), (one, other, between) => {
        const finder = createWordFinder(`${one} ${other}`);
        const text = `${other.toUpperCase()} ${between}\n${one}`;
        expect(finder?.find(text)?.words.size).toBe(2);
        expect(finder?.mayBeIn(Buffer.from(JSON.stringify({ answer: text })))).toBe(true);
      }),
    );
  });

  it("are none in a text of blanks or accents alone", () => {
    expect([createWordFinder(" \n"), createWordFinder("\u0301\u0301")]).toEqual([undefined, undefined]);
  });

  it("tell where the first of them is", () => {
    const text = "Ein Cafe\u0301 am Platz";
    const hit = createWordFinder("platz café")?.find(text);
    expect(text.slice(hit?.from, hit?.to)).toBe("Platz");
    expect(createWordFinder("bar café")?.find(text)?.words).toEqual(new Set([1]));
  });
});
