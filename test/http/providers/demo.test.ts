import { describe, expect, test } from "vitest";
import type { Pieces } from "../../../src/server/core/pieces.ts";
import type { Message } from "../../../src/server/core/provider.ts";
import { createDemoProvider } from "../../../src/server/providers/demo.ts";

const demo = createDemoProvider({ delay: 0 });
const signal = new AbortController().signal;
const conversation = (...questions: string[]): Message[] =>
  questions.flatMap((content, index): Message[] => [
    ...(index === 0 ? [] : [{ role: "assistant" as const, content: "Yes." }]),
    { role: "user", content },
  ]);
const say = (...questions: string[]) => demo.answer({ messages: conversation(...questions), signal });

describe("the demo", () => {
  test.each([
    "hello",
    "help",
    "?",
    "how do I connect a real model?",
    "thanks!",
    "write some code",
    "Is it raining?",
    "So be it.",
    "`",
    "😀",
    "¿?!",
  ])("answers %j as a demo that says how to get a real model", async (question) => {
    expect(await say(question)).toMatch(/\bdemo\b[^]*`\/connect`/);
  });

  test("answers different questions differently, and the same one alike", async () => {
    const questions = ["hello", "who are you?", "thanks", "some code", "Is it raining?", "It is raining."];
    const answers = await Promise.all(questions.map((question) => say(question)));
    expect(new Set(answers).size).toBe(questions.length);
    expect(await say("hello")).toBe(answers[0]);
  });

  test("repeats the question on one short line", async () => {
    expect(await say("The rain\nin `Spain`")).toContain("“The rain in Spain”");
    const long = await say("rain ".repeat(6000));
    expect(long.length).toBeLessThan(600);
    expect(long).toContain("6,000 words");
  });

  test("counts an emoji of several code points once", async () => {
    expect(await say("👩‍👩‍👧 fits.")).toContain("2 words and 7 characters");
  });

  // Each of these once kept the whole server from answering anybody, the first one for days.
  test.each([
    ["question marks", `${"?".repeat(99_999)}x`, "100,000 characters"],
    ["letters", "a".repeat(100_000), "100,000 characters"],
    ["accents", "e\u0301".repeat(50_000), "50,000 characters"],
    ["families", "👩‍👩‍👧".repeat(20_000), "20,000 characters"],
  ])("answers as long a question of nothing but %s as there may be", async (_, question, told) => {
    expect(await say(question)).toContain(told);
  });

  test("remembers how long the conversation is", async () => {
    expect(await say("It rains.")).toContain("first question");
    expect(await say("It rains.", "It still rains.")).toContain("1 earlier question ");
    expect(await say("It rains.", "Still.", "It does.")).toContain("2 earlier questions ");
  });

  test("streams word by word what it would say at once", async () => {
    const pieces: string[] = [];
    const messages = conversation("who are you?");
    const text = await demo.answer({
      messages,
      signal,
      onDelta: (some) => void pieces.push(...[some].flat()),
    });
    expect(text).toBe(await say("who are you?"));
    expect(pieces.join("")).toBe(text);
    expect(pieces.length).toBeGreaterThan(20);
    expect(pieces.every((piece) => piece.trim() !== "")).toBe(true);
  });

  test("stops when aborted, in the middle of a pause too, with the reason", async () => {
    const slow = createDemoProvider({ delay: 1_000_000 });
    const stop = new AbortController();
    const reason = new Error("enough");
    const pieces: string[] = [];
    const onDelta = (some: Pieces) => {
      pieces.push(...[some].flat());
      setImmediate(() => stop.abort(reason));
    };
    await expect(slow.answer({ messages: conversation("hello"), signal: stop.signal, onDelta })).rejects.toBe(
      reason,
    );
    expect(pieces).toHaveLength(1);
    await expect(slow.answer({ messages: [], signal: stop.signal })).rejects.toBe(reason);
  });
});
