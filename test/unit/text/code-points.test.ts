import * as fc from "fast-check";
import { expect, test } from "vitest";
import { codePoints } from "../../../src/text/code-points.ts";

test("code points are counted as an array of them would be long, lone surrogates too", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.constantFrom("", "\ud83d", "\ude00"), (text, lone) => {
      expect(codePoints(lone + text + lone)).toBe(Array.from(lone + text + lone).length);
    }),
  );
});
