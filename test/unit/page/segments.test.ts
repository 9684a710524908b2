import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createSegments } from "../../../src/page/markdown/segments.ts";

const cut = (pieces: readonly string[]) => {
  const segments = createSegments();
  const ended = pieces.flatMap((piece) => segments.push(piece));
  return [...ended, segments.rest];
};

test.each([
  ["a\n\nb\n\nc", ["a\n\n", "b\n\n", "c"]],
  ["- a\n\n- b\n\n  c\n\nd", ["- a\n\n- b\n\n  c\n\n", "d"]],
  ["1. a\n\n2. b", ["1. a\n\n2. b"]],
  ["```\na\n\nb\n```\n\nc", ["```\na\n\nb\n```\n\n", "c"]],
  ["````\n```\n\na\n````\n\nb", ["````\n```\n\na\n````\n\n", "b"]],
  ["- ```\n  a\n\nb\n  ```\n\nc", ["- ```\n  a\n\nb\n  ```\n\n", "c"]],
  ["> a\n\nb", ["> a\n\n", "b"]],
])("%j is cut where nothing goes on", (source, expected) => {
  expect(cut([source, "\n"]).join("|")).toBe(`${expected.join("|")}\n`);
});

test("the segments are those of the whole, however it comes in pieces, and joined are the whole", () => {
  const line = fc.constantFrom("a", "", "- b", "  c", "```", "~~~~", "1. d", "> e", "   ", "```js");
  const source = fc.array(line, { maxLength: 20 }).map((lines) => `${lines.join("\n")}\n`);
  fc.assert(
    fc.property(source, fc.array(fc.nat(100)), (text, places) => {
      const ends = [...new Set(places.filter((at) => at < text.length))].sort((a, b) => a - b);
      const pieces = [0, ...ends].map((at, i) => text.slice(at, ends[i] ?? text.length));
      expect(pieces.join("")).toBe(text);
      expect(cut(pieces)).toEqual(cut([text]));
      expect(cut([text]).join("")).toBe(text);
    }),
  );
});
