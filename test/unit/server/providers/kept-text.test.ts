import * as fc from "fast-check";
import { expect, test } from "vitest";
import { KeptText } from "../../../../src/server/providers/kept-text.ts";

test("a kept text is its pieces joined, whatever their lengths and characters", () => {
  const short = fc.string({ unit: "binary", minLength: 1, maxLength: 6 });
  const piece = fc
    .tuple(short, fc.constantFrom(1, 1, 1, 300))
    .map(([text, times]) => text.toWellFormed().repeat(times));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = new KeptText();
      for (const one of pieces) text.add(one);
      expect(text.whole()).toBe(pieces.join(""));
      expect(text).toHaveLength(pieces.join("").length);
    }),
  );
});
