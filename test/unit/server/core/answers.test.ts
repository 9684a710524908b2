import { expect, test } from "vitest";
import { createAnswers } from "../../../../src/server/core/answers.ts";
import { endlessRoom as endless } from "./endless-room.ts";

/** The answer of a model. */
const by = (response: string) => ({ response, model: "small", finish: null, turns: 0 });

/** Room for two short answers, or for one of 522 characters. */
const limits = { bytes: 2 * 1024 + 20, age: 1000 };

test("the oldest answer is dropped when there are too many", () => {
  const answers = createAnswers(() => 0, endless, limits);
  for (const key of ["a", "b", "c"]) answers.keep("jane", key, by(key));
  expect(["a", "b", "c"].map((key) => answers.find("jane", key))).toEqual([undefined, by("b"), by("c")]);
});

test("the oldest answer is dropped when the answers are too long together", () => {
  const answers = createAnswers(() => 0, endless, limits);
  answers.keep("jane", "a", by("1".repeat(520)));
  answers.keep("jane", "b", by("12345"));
  expect([answers.find("jane", "a"), answers.find("jane", "b")]).toEqual([undefined, by("12345")]);
});

test("an answer that is longer than the whole cache is not kept, and no other is dropped for it", () => {
  const answers = createAnswers(() => 0, endless, limits);
  answers.keep("jane", "a", by("short"));
  answers.keep("jane", "b", by("1".repeat(523)));
  expect([answers.find("jane", "a"), answers.find("jane", "b")]).toEqual([by("short"), undefined]);
});

test("an answer is found until its lifetime ends", () => {
  let now = 0;
  const answers = createAnswers(() => now, endless, limits);
  answers.keep("jane", "a", by("one"));
  now = 999;
  expect(answers.find("jane", "a")).toEqual(by("one"));
  now = 1000;
  expect(answers.find("jane", "a")).toBeUndefined();
});

test("an account finds only its own answers", () => {
  const answers = createAnswers(() => 0, endless, limits);
  answers.keep("jane", "a", by("one"));
  expect(answers.find("john", "a")).toBeUndefined();
});

/** Room for ten short answers. */
const ten = { bytes: 10 * 1024 + 200, age: 1000 };
const keysOf = (answers: ReturnType<typeof createAnswers>, account: string) =>
  Array.from({ length: 100 }, (_, key) => key).filter((key) => answers.find(account, `${key}`) !== undefined);

test("an account that keeps many answers drops only its own", () => {
  const answers = createAnswers(() => 0, endless, ten);
  for (const account of ["jane", "john"]) answers.keep(account, "0", by("first"));
  for (let key = 0; key < 100; key += 1) answers.keep("flood", `${key}`, by("again"));
  expect(keysOf(answers, "jane")).toEqual([0]);
  expect(keysOf(answers, "john")).toEqual([0]);
  expect(keysOf(answers, "flood")).toEqual([92, 93, 94, 95, 96, 97, 98, 99]);
});

test("an account gets its share from one that holds more", () => {
  const answers = createAnswers(() => 0, endless, ten);
  for (let key = 0; key < 100; key += 1) answers.keep("flood", `${key}`, by("again"));
  for (let key = 0; key < 100; key += 1) answers.keep("jane", `${key}`, by("mine"));
  expect(keysOf(answers, "flood")).toEqual([95, 96, 97, 98, 99]);
  expect(keysOf(answers, "jane")).toEqual([95, 96, 97, 98, 99]);
  answers.keep("john", "0", by("new"));
  expect(keysOf(answers, "john")).toEqual([0]);
});

test("expired answers of others make room before any that is not", () => {
  let now = 0;
  const answers = createAnswers(() => now, endless, ten);
  for (let key = 0; key < 5; key += 1) answers.keep("jane", `${key}`, by("old"));
  now = 1000;
  for (let key = 0; key < 10; key += 1) answers.keep("john", `${key}`, by("new"));
  expect(keysOf(answers, "john")).toHaveLength(10);
});

test("the oldest answers are dropped for a new one when their room is short, and what has no room is not kept", () => {
  let left = 2 * 1032 + 10;
  const room = {
    most: left,
    take: (bytes: number) => {
      if (bytes > left) return false;
      left -= bytes;
      return true;
    },
    give: (bytes: number) => void (left += bytes),
  };
  const answers = createAnswers(() => 0, room);
  for (const key of ["a", "b", "c"]) answers.keep("jane", key, by("1234"));
  expect(["a", "b", "c"].map((key) => answers.find("jane", key))).toEqual([
    undefined,
    by("1234"),
    by("1234"),
  ]);
  answers.keep("jane", "d", by("1".repeat(600)));
  expect(answers.find("jane", "d")).toBeUndefined();
  expect(answers.find("jane", "c")).toEqual(by("1234"));
  left = 0;
  answers.keep("jane", "c", by("123"));
  answers.forget("jane", "c");
  answers.forget("jane", "b");
  expect(left).toBe(2 * 1032);
});
