import { expect, test } from "vitest";
import { bodyLimit, checkBeside, textLimit } from "../../../../src/server/http/chat-body.ts";
import type { Provider } from "../../../../src/server/core/provider.ts";
import { testedModel } from "../../../support/tested-model.ts";

const provider = {} as Provider;
const models = (images: boolean, contextChars: number) =>
  [testedModel({ provider }), testedModel({ provider, name: "large", images, contextChars })] as const;

test.each([
  [false, 48_000, true, 2 ** 20],
  [true, 48_000, true, 28 * 2 ** 20],
  [true, 3_000_000, true, 36_065_536],
])("images %s, %i characters, token %s: %i bytes", (images, contextChars, hasToken, most) => {
  const list = models(images, contextChars);
  expect(bodyLimit(list, hasToken)).toBe(most);
  expect(textLimit(list)).toBe(contextChars === 48_000 ? 2 ** 20 : most);
});

test("without a token in the head, the limit of text, and what helps", () => {
  const advice = expect.stringContaining("send its token in the Authorization header");
  expect(bodyLimit(models(true, 48_000), false)).toEqual({ bytes: 2 ** 20, advice });
  expect(bodyLimit(models(true, 3_000_000), false)).toBe(36_065_536);
  expect(bodyLimit(models(false, 48_000), false)).toBe(2 ** 20);
});

const refuses = (json: string, limit: number) => {
  try {
    checkBeside(Buffer.from(json), limit);
    return false;
  } catch {
    return true;
  }
};

const long = "x".repeat(2000);
const short = Array.from({ length: 40 }, () => "0");
test.each([
  ["a body within the limit", '["a","b","c"]', 13, false],
  ["small values beyond it", '["a","b","c"]', 12, true],
  ["values that are no strings", `[${"1,".repeat(50)}1]`, 100, true],
  ["a long string", JSON.stringify([long]), 50, false],
  ["long strings with little beside them", JSON.stringify([long, long, 1, long]), 50, false],
  ["long strings with much beside them", JSON.stringify([long, long, ...short, long]), 50, true],
  ["much behind a long string", JSON.stringify([long, ...short]), 50, true],
  ["a long string with quotes", JSON.stringify([`${'\\"'.repeat(900)}\\`, 1]), 50, false],
  ["strings that end with a backslash", JSON.stringify(Array.from({ length: 500 }, () => "\\")), 50, true],
  ["a string without an end", `["${long}`, 50, false],
])("%s", (_what, json, limit, isRefused) => {
  expect(refuses(json, limit)).toBe(isRefused);
});
