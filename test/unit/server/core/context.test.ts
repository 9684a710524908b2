import { expect, test } from "vitest";
import { contextFor } from "../../../../src/server/core/context.ts";

const history = [
  { role: "user" as const, content: "11111" },
  { role: "assistant" as const, content: "22222" },
  { role: "user" as const, content: "333" },
];

const contents = (limit: number, message = "now", system?: string) =>
  contextFor({ message, history }, { system, limit }).map(({ content }) => content);

test("the newest turns that fit are sent, and none before a turn that does not fit", () => {
  expect(contents(100)).toEqual(["11111", "22222", "333", "now"]);
  expect(contents(11)).toEqual(["22222", "333", "now"]);
  expect(contents(10)).toEqual(["333", "now"]);
  expect(contents(5)).toEqual(["now"]);
});

test("the message is not cut, even if it is longer than the limit", () => {
  expect(contents(1, "a long question")).toEqual(["a long question"]);
});

test("the operator's system prompt comes first and does not count for the limit", () => {
  expect(contents(6, "now", "Be brief.")).toEqual(["Be brief.", "333", "now"]);
});
