import { describe, expect, test } from "vitest";
import { joined, type Pieces } from "../../../../src/server/core/pieces.ts";
import { createAnswerText } from "../../../../src/server/providers/answer-text.ts";

/** What becomes of a text that comes in these pieces, one by one or all at once. */
function read(pieces: string[]) {
  const found = readEach(pieces);
  expect(readEach([pieces])).toEqual(found);
  return found;
}

function readEach(moments: Pieces[]) {
  const heard = { text: "", reasoning: "" };
  const text = createAnswerText({
    onTexts: (some) => {
      expect(some).not.toHaveLength(0);
      expect([some].flat()).not.toContain("");
      heard.text += joined(some);
    },
    onReasoning: (piece) => {
      expect(piece).not.toBe("");
      heard.reasoning += piece;
    },
  });
  for (const pieces of moments) text.add(pieces);
  const answer = text.end();
  expect(heard.text).toBe(answer);
  expect([text.hasText(), text.hasReasoning()]).toEqual([answer !== "", heard.reasoning !== ""]);
  return { answer, reasoning: heard.reasoning };
}

const letters = (text: string) => text.split("");

describe("a thinking block at the beginning is no part of the answer", () => {
  const cases: [whole: string, answer: string, reasoning: string][] = [
    ["<think>Hm, 2.</think>\n\nIt is 2.", "It is 2.", "Hm, 2."],
    [" \n<think>\nHm\n</think> 2\n", "2\n", "Hm\n"],
    ["<think>\n\n</think>\n\nHi", "Hi", ""],
    ["<think></think>Hi", "Hi", ""],
    ["<think>a < b </thin </think>Hi", "Hi", "a < b </thin "],
    ["<think><think>a</think>b</think>", "b</think>", "<think>a"],
    ["<think>👍</think>👍", "👍", "👍"],
    ["<thought>Hm, 2.</think>\n</thought>It is 2.", "It is 2.", "Hm, 2.</think>\n"],
    // Not closed.
    ["<think>Hm, 2.", "", "Hm, 2."],
    ["<think>Hm, 2.</thi", "", "Hm, 2.</thi"],
    ["<think>Hm</think>\n", "", "Hm"],
    // No such block.
    ["<thinking>a</thinking>b", "<thinking>a</thinking>b", ""],
    ["<thoughts>a</thoughts>b", "<thoughts>a</thoughts>b", ""],
    ["<thi", "<thi", ""],
    [" <", " <", ""],
    ["\n Hi <think>a</think>", "\n Hi <think>a</think>", ""],
    ["Hi</think>", "Hi</think>", ""],
    ["<think>a</think><think>b</think>c", "<think>b</think>c", "a"],
    [" \n ", "", ""],
  ];

  test.each(cases)("%j, split at every place", (whole, answer, reasoning) => {
    expect(read([whole])).toEqual({ answer, reasoning });
    expect(read(letters(whole))).toEqual({ answer, reasoning });
    for (let first = 1; first < whole.length; first += 1)
      for (let second = first; second < whole.length; second += 1)
        expect(read([whole.slice(0, first), whole.slice(first, second), whole.slice(second)])).toEqual({
          answer,
          reasoning,
        });
  });
});

test("a block longer than an answer may be does no harm, and blanks are counted", () => {
  const megabyte = "x".repeat(1024 * 1024);
  const pieces = ["<think>", ...Array.from({ length: 20 }, () => megabyte), "</think>", "Hi"];
  expect(read(pieces).answer).toBe("Hi");
  const blanks = Array.from({ length: 9 }, () => " ".repeat(1024 * 1024));
  expect(() => read(blanks)).toThrow("the answer is longer than 8388608 characters");
});
