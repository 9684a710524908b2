import { expect, test } from "vitest";
import { createOpenWarning } from "../../../src/server/open-warning.ts";
import { testConfig, testModel } from "../../support/test-server.ts";

/** What is said of a server that others reach; undefined if nothing is. */
function said(startingTokens: number, price: number, ...prices: number[]): string | undefined {
  let words: string | undefined;
  createOpenWarning()({
    ...testConfig("/srv/ai-chat"),
    host: "0.0.0.0",
    startingTokens,
    models: [testModel({ price }), ...prices.map((other) => testModel({ price: other }))],
    warn: (sentence) => void (words = sentence),
  });
  return words;
}

test("an account is as many questions as its tokens pay at the cheapest model", () => {
  expect(said(4000, 100, 50, 200)).toContain("can ask 80 questions at your expense");
  expect(said(100, 100)).toContain("can ask 1 question at your expense");
  expect(said(100, 100, 0)).toContain("can ask any number of questions");
});

test("accounts that can ask nothing bring no warning", () => {
  expect(said(0, 100)).toBeUndefined();
  expect(said(99, 100)).toBeUndefined();
});
