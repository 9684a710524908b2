import * as fc from "fast-check";
import { expect, test } from "vitest";
import { repeatable } from "../../../src/text/repeatable.ts";

test.each([
  ["postgres://u:secret@h/d", "postgres://…@h/d"],
  ["u:secret@h", "u:…@h"],
  ["u:sec@ret@h and p://v:secret@i", "u:…@h and p://…@i"],
  [":@", ":…@"],
  ["explain: jane@example.org @: a:b", "explain: jane@example.org @: a:b"],
  ["", ""],
])("%j is repeated as %j", (typed, told) => {
  expect(repeatable(typed)).toBe(told);
});

test("nothing is left between a colon and the last @ of a word", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(":", "/", "@", "a", " ", "\n") }), (text) => {
      for (const word of repeatable(text).split(/\s/))
        expect(word).not.toMatch(/:\/{0,2}[^/…].*@|:\/{3,}.*@/);
    }),
  );
});

// Tried from each colon on, a hundred thousand took half a minute.
test.each([":", "a:", ":/", "a@:"])("a word of a million times %j is gone through once", (part) => {
  const word = part.repeat(1_000_000);
  expect(repeatable(word).length).toBeLessThanOrEqual(word.length);
});
