import { expect, test } from "vitest";
import { createAnswers } from "../../../../src/server/core/answers.ts";

/** The answer of a model. */
const by = (response: string) => ({ response, model: "small", finish: null, turns: 0 });

const limits = { count: 2, characters: 10, age: 1000 };

test("the oldest answer is dropped when there are too many", () => {
  const answers = createAnswers(() => 0, limits);
  for (const key of ["a", "b", "c"]) answers.keep("jane", key, by(key));
  expect(["a", "b", "c"].map((key) => answers.find("jane", key))).toEqual([undefined, by("b"), by("c")]);
});

test("the oldest answer is dropped when the answers are too long together", () => {
  const answers = createAnswers(() => 0, limits);
  answers.keep("jane", "a", by("123456"));
  answers.keep("jane", "b", by("12345"));
  expect([answers.find("jane", "a"), answers.find("jane", "b")]).toEqual([undefined, by("12345")]);
});

test("an answer that is longer than the whole cache is not kept, and no other is dropped for it", () => {
  const answers = createAnswers(() => 0, limits);
  answers.keep("jane", "a", by("short"));
  answers.keep("jane", "b", by("12345678901"));
  expect([answers.find("jane", "a"), answers.find("jane", "b")]).toEqual([by("short"), undefined]);
});

test("an answer is found until its lifetime ends", () => {
  let now = 0;
  const answers = createAnswers(() => now, limits);
  answers.keep("jane", "a", by("one"));
  now = 999;
  expect(answers.find("jane", "a")).toEqual(by("one"));
  now = 1000;
  expect(answers.find("jane", "a")).toBeUndefined();
});

test("an account finds only its own answers", () => {
  const answers = createAnswers(() => 0, limits);
  answers.keep("jane", "a", by("one"));
  expect(answers.find("john", "a")).toBeUndefined();
});
