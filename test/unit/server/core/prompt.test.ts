import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codePoints } from "../../../../src/text/code-points.ts";
import { contextFor, digestOf, type Prompt } from "../../../../src/server/core/prompt.ts";
import { sha256 } from "../../../../src/server/core/sha256.ts";

const history = [
  { role: "user" as const, content: "11111" },
  { role: "assistant" as const, content: "22222" },
  { role: "user" as const, content: "333" },
  { role: "assistant" as const, content: "44" },
];

const sent = (
  contextChars: number,
  { message = "now", system, instructions }: Partial<Prompt & { system: string }> = {},
) => {
  const { messages, turns } = contextFor({ message, history, instructions }, { system, contextChars });
  return [turns, ...messages.map(({ content }) => content)];
};

test("the newest turns that fit are sent, and none before a turn that does not fit", () => {
  expect(sent(100)).toEqual([4, "11111", "22222", "333", "44", "now"]);
  expect(sent(18)).toEqual([4, "11111", "22222", "333", "44", "now"]);
  expect(sent(8)).toEqual([2, "333", "44", "now"]);
  expect(sent(7)).toEqual([0, "now"]);
});

test("after a cut the first turn is one of the user", () => {
  expect(sent(17)).toEqual([2, "333", "44", "now"]);
  expect(sent(13)).toEqual([2, "333", "44", "now"]);
});

test("a history that begins with an answer is sent as it is, if all of it fits", () => {
  const answered = contextFor(
    { message: "now", history: history.slice(1) },
    { system: "", contextChars: 13 },
  );
  expect(answered.turns).toBe(3);
});

const conversation = fc.array(
  fc.record({
    role: fc.constantFrom("user" as const, "assistant" as const),
    content: fc.string({ unit: "binary", maxLength: 20 }),
  }),
  { maxLength: 30 },
);

test("what is sent is the longest end of the conversation that fits and begins with the user", () => {
  fc.assert(
    fc.property(conversation, fc.string({ maxLength: 20 }), fc.nat(300), (history, message, contextChars) => {
      const { turns } = contextFor({ message, history }, { system: "", contextChars });
      const texts = history.map(({ content }) => content);
      const size = (count: number) =>
        codePoints(texts.slice(texts.length - count).join("\n") + message) - Math.max(0, count - 1);
      const fits = (count: number) => count === 0 || size(count) <= contextChars;
      const may = (count: number) =>
        fits(count) && (count === history.length || count === 0 || history.at(-count)?.role === "user");
      const counts = Array.from({ length: history.length + 1 }, (_, count) => count);
      expect(turns).toBe(counts.findLast(may));
    }),
  );
});

test("characters are code points, whatever they are in UTF-16", () => {
  const emoji = [{ role: "user" as const, content: "😀".repeat(5) }];
  expect(contextFor({ message: "😀", history: emoji }, { system: "", contextChars: 6 }).turns).toBe(1);
  expect(contextFor({ message: "😀", history: emoji }, { system: "", contextChars: 5 }).turns).toBe(0);
});

test("the message is not cut, even if it is longer than the limit", () => {
  expect(sent(1, { message: "a long question" })).toEqual([0, "a long question"]);
});

test("a limit of 0 sends no history", () => {
  expect(sent(0)).toEqual([0, "now"]);
});

test("the operator's system prompt comes first and does not count for the limit", () => {
  expect(sent(8, { system: "Be brief." })).toEqual([2, "Be brief.", "333", "44", "now"]);
});

test("instructions follow the operator's system prompt, count for the limit, and are never cut", () => {
  const instructions = "😀😀";
  expect(sent(10, { system: "Be brief.", instructions })).toEqual([
    2,
    "Be brief.\n\n😀😀",
    "333",
    "44",
    "now",
  ]);
  expect(sent(9, { instructions })).toEqual([0, "😀😀", "now"]);
  expect(sent(0, { instructions })).toEqual([0, "😀😀", "now"]);
  expect(sent(20, { instructions })).toEqual([4, "😀😀", "11111", "22222", "333", "44", "now"]);
});

describe("what a key stands for", () => {
  const prompts = fc.record({ message: fc.string(), history: conversation });
  const models = fc.option(fc.string(), { nil: undefined });

  test("is without new fields what it was before models and instructions", () => {
    fc.assert(
      fc.property(prompts, models, (prompt, model) => {
        const { message, history } = prompt;
        const before = JSON.stringify(["k", message, history, ...(model === undefined ? [] : [model])]);
        expect(digestOf({ ...prompt, instructions: undefined, images: undefined }, "k", model)).toBe(
          sha256(before),
        );
      }),
    );
  });

  test("differs as soon as instructions or images do", () => {
    const image = fc.record({
      media_type: fc.constantFrom("image/png" as const, "image/gif" as const),
      data: fc.constantFrom("AAAA", "BBBB"),
    });
    const more = fc.record({
      instructions: fc.option(fc.constantFrom("a", "b"), { nil: undefined }),
      images: fc.option(fc.array(image, { minLength: 1, maxLength: 2 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(prompts, models, more, more, (prompt, model, one, other) => {
        const [first, second] = [one, other].map((wishes) => digestOf({ ...prompt, ...wishes }, "k", model));
        expect(first === second).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });
});
