import { stat } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { historyFor } from "../../../../src/client/conversations/fitting-history.ts";
import { CHAT_BODY_BYTES } from "../../../../src/protocol/limits.ts";
import type { Handle } from "../../../../src/client/conversations/open-file.ts";
import { createPlace, jane, openThrough, turn } from "./place.ts";

/** About what a question and its answer take. */
const answer = "An answer of some length. ".repeat(50);

let place: Awaited<ReturnType<typeof createPlace>>;
let id: string;
let size: number;
beforeAll(async () => {
  place = await createPlace();
  const conversations = place.conversations();
  id = conversations.start(jane);
  for (let at = 0; at < 2000; at += 1) await conversations.append(id, turn(`q${at}`, { answer }));
  ({ size } = await stat(place.file(id)));
});
afterAll(() => place.remove());

function counted() {
  const count = { bytes: 0 };
  const open = openThrough((handle) => ({
    read: async (...args: Parameters<Handle["read"]>) => {
      const result = await handle.read(...args);
      count.bytes += result.bytesRead;
      return result;
    },
  }));
  return { count, conversations: place.conversations(open) };
}

describe("a conversation of 2,000 turns", () => {
  it("shows its last turns, their number and its title after reading a hundredth of it", async () => {
    const { count, conversations } = counted();
    expect(await conversations.readTail(id, 3)).toMatchObject({
      conversation: { title: "q0?", turns: 2000 },
      exchanges: [{ question: "q1997?" }, { question: "q1998?" }, { question: "q1999?" }],
      earlier: 1997,
    });
    expect(count.bytes).toBeLessThan(size / 100);
  });

  it("is listed, and found for -c, after reading as little", async () => {
    const { count, conversations } = counted();
    expect(await conversations.list()).toEqual([expect.objectContaining({ id, turns: 2000 })]);
    expect(await conversations.newest(jane)).toMatchObject({ id, turns: 2000 });
    expect(count.bytes).toBeLessThan(size / 50);
  });

  it("takes another line after reading as little", async () => {
    const { count, conversations } = counted();
    expect(await conversations.rename(id, "Long")).toEqual({ kept: true });
    expect(count.bytes).toBeLessThan(size / 100);
  });

  it("gives its last 200 entries as history, and reads no more than a multiple of them", async () => {
    const { count, conversations } = counted();
    const history = await conversations.turnsForHistory(id);
    expect(history).toHaveLength(200);
    expect(history[0]).toEqual({ role: "user", content: "q1900?" });
    expect(history.at(-1)).toEqual({ role: "assistant", content: answer });
    expect(count.bytes).toBeLessThan(size / 4);
  });

  it("reads them all when it is exported", async () => {
    const { exchanges } = await place.conversations().read(id);
    expect(exchanges.map(({ question }) => question)).toEqual(
      Array.from({ length: 2000 }, (_, at) => `q${at}?`),
    );
  });
});

describe("the history that goes with a question", () => {
  const historyOf = async (
    turns: ReturnType<typeof turn>[],
    bounds?: { entries?: number; bytes?: number },
  ) => {
    const conversations = place.conversations();
    const id = conversations.start(jane);
    for (const one of turns) await conversations.append(id, one);
    return conversations.turnsForHistory(id, bounds);
  };
  const contents = (turns: { content: string }[]) => turns.map(({ content }) => content);

  it("has stopped answers as they were, but no question without an answer", async () => {
    const stopped = turn("b", { answer: "half", stopped: true });
    const turns = [turn("a"), stopped, turn("nothing", { answer: "", stopped: true })];
    expect(contents(await historyOf(turns))).toEqual(["a?", "a!", "b?", "half"]);
  });

  it("is valid Unicode, which the server insists on", async () => {
    const torn = turn("a", { answer: "cut in two: \ud83d" });
    expect(contents(await historyOf([torn]))).toEqual(["a?", "cut in two: �"]);
  });

  it("holds whole exchanges within both bounds", async () => {
    const turns = ["a", "b", "c"].map((name) => turn(name));
    expect(contents(await historyOf(turns, { entries: 5 }))).toEqual(["b?", "b!", "c?", "c!"]);
    expect(contents(await historyOf(turns, { entries: 1 }))).toEqual([]);
    expect(contents(await historyOf(turns, { bytes: 100 }))).toEqual(["c?", "c!"]);
  });

  it("is as much as any server takes, which is cut for the one that is asked", async () => {
    const quotes = turn("a", { answer: '"'.repeat(60_000) });
    const history = await historyOf(Array.from({ length: 12 }, () => quotes));
    expect(history).toHaveLength(24);
    const message = "\u0001".repeat(32_000);
    const sent = historyFor(history, message);
    expect(sent.length).toBeGreaterThan(8);
    expect(
      Buffer.byteLength(JSON.stringify({ message, history: sent, token: "t".repeat(4000) })),
    ).toBeLessThan(CHAT_BODY_BYTES);
  });
});
