import { expect, test } from "vitest";
import { parseUrl } from "../../../src/text/parse-url.ts";

test.each([
  ["https://ä.example/ö", undefined, "https://xn--4ca.example/%C3%B6"],
  ["b?c", "https://a.example/d/", "https://a.example/d/b?c"],
  ["b?c", undefined, undefined],
  ["https://", undefined, undefined],
  ["", undefined, undefined],
])("%j with the base %j is %j", (text, base, expected) => {
  expect(parseUrl(text, base)?.href).toBe(expected);
});

test("an address with a letter of Latin-1 is still one after many calls", () => {
  const read = Array.from({ length: 50_000 }, () => parseUrl("https://ä.example"));
  expect(read.filter((url) => url === undefined).length).toBe(0);
});
