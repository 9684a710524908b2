import * as fc from "fast-check";
import { expect, test } from "vitest";
import { base64Bytes } from "../../../src/text/base64.ts";

test("the Base64 of bytes tells how many they are", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      expect(base64Bytes(Buffer.from(bytes).toString("base64"))).toBe(bytes.length);
    }),
  );
});

test.each([
  ["without its padding", "QQ"],
  ["with too much of it", "Q==="],
  ["with padding in the middle", "QQ==QQ=="],
  ["with a line end", "QUJD\nUUJ"],
  ["of URLs", "QU-_"],
  ["with bits that belong to no byte", "QR=="],
  ["with bits that belong to no byte", "QUF="],
  ["with two padded ends", "QQ=Q"],
])("what is not strict is refused: %s", (_what, text) => {
  expect(base64Bytes(text)).toBeUndefined();
});
