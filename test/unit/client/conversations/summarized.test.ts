import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { historyFor } from "../../../../src/client/conversations/fitting-history.ts";
import type { Conversations } from "../../../../src/client/conversations/conversations.ts";
import { splitSummary, summaryTurns, turnsIn } from "../../../../src/client/conversations/summarized.ts";
import { createPlace, jane, turn } from "./place.ts";

let place: Awaited<ReturnType<typeof createPlace>>;
let saved: Conversations;
beforeEach(async () => {
  place = await createPlace();
  saved = place.conversations();
});
afterEach(() => place.remove());

/** A conversation of these turns; the ids of all. */
async function hold(...names: string[]): Promise<{ id: string; turns: string[] }> {
  const id = saved.start(jane);
  const turns: string[] = [];
  for (const name of names) turns.push((await saved.append(id, turn(name))).turn);
  return { id, turns };
}
const summary = (to: string | undefined, text = "all of it") => ({
  turn: to ?? "",
  text,
  tokensDeducted: 100,
  model: "demo",
});
const told = async (id: string, to?: string) =>
  (await place.conversations().turnsForHistory(id, to === undefined ? {} : { to })).map(
    ({ content }) => content,
  );
const ASKED = "Sum up our conversation so far.";

describe("a summary", () => {
  it("stands for the turns up to its turn in the history; those stay where they were", async () => {
    const { id, turns } = await hold("one", "two");
    expect(await saved.summarize(id, summary(turns[1]))).toEqual({ kept: true });
    expect(await told(id)).toEqual([ASKED, "all of it"]);
    await saved.append(id, turn("three"));
    expect(await told(id)).toEqual([ASKED, "all of it", "three?", "three!"]);
    const read = await place.conversations().read(id);
    expect(read.exchanges.map(({ question }) => question)).toEqual(["one?", "two?", "three?"]);
    expect(read).toMatchObject({ turns: 3, title: "one?" });
    const history = await saved.turnsForHistory(id);
    expect([turnsIn(history), splitSummary(history).standsFor]).toEqual([3, 2]);
  });

  it("counts on the path that goes through its turn alone, and the latest one counts", async () => {
    const { id, turns } = await hold("one", "two");
    await saved.summarize(id, summary(turns[1], "old"));
    await saved.append(id, turn("TWO", { parent: turns[0] ?? null, replaces: turns[1] ?? "" }));
    expect(await told(id)).toEqual(["one?", "one!", "TWO?", "TWO!"]);
    await saved.choose(id, turns[1] ?? "");
    expect(await told(id)).toEqual([ASKED, "old"]);
    await saved.summarize(id, summary(turns[1], "new"));
    expect(await told(id)).toEqual([ASKED, "new"]);
    expect(await told(id, turns[0])).toEqual(["one?", "one!"]);
    const tree = await saved.readTree(id);
    expect(tree.turns.map((each) => each.summary)).toEqual([undefined, { text: "new", turns: 2 }, undefined]);
  });

  it("goes with a fork that has its turn", async () => {
    const { id, turns } = await hold("one", "two");
    await saved.summarize(id, summary(turns[0]));
    const fork = await saved.fork(id, turns[1] ?? "");
    expect(await told(fork.id)).toEqual([ASKED, "all of it", "two?", "two!"]);
    expect((await saved.find(fork.id)).turns).toBe(2);
    expect(place.problems).toEqual([]);
  });

  it("is found before more turns than are loaded", async () => {
    const { id, turns } = await hold("one");
    await saved.summarize(id, summary(turns[0]));
    for (let at = 0; at < 105; at += 1) await saved.append(id, turn(`${at}`));
    const history = await told(id);
    expect(history).toHaveLength(202);
    expect(history.slice(0, 3)).toEqual([ASKED, "all of it", "5?"]);
  });

  it("leaves the version of the file and its totals, and is a line that older programs skip as unknown", async () => {
    const { id, turns } = await hold("one");
    await saved.pin(id, true);
    await saved.summarize(id, summary(turns[0]));
    await saved.append(id, turn("two"));
    const [header, , , line] = (await readFile(place.file(id), "utf8")).split("\n");
    expect(JSON.parse(header ?? "")).toMatchObject({ version: 1 });
    expect(JSON.parse(line ?? "")).toEqual({
      is: "summary",
      at: expect.any(String),
      turn: turns[0],
      text: "all of it",
      model: "demo",
      tokens_deducted: 100,
      turns: 1,
      before: expect.objectContaining({ turns: 1, pinned: true }),
    });
    expect(await place.conversations().find(id)).toMatchObject({ turns: 2, title: "one?", pinned: true });
  });
});

describe("the history of a question", () => {
  it("keeps the summary where the turns after it do not fit", () => {
    const limits = { message: 100, context: 60, turns: 200 };
    const turns = [
      ...summaryTurns({ text: "sum", turns: 7 }),
      { role: "user" as const, content: "u".repeat(20) },
      { role: "assistant" as const, content: "a".repeat(20) },
    ];
    expect(historyFor(turns, "q", limits)).toEqual([
      { role: "user", content: ASKED },
      { role: "assistant", content: "sum" },
    ]);
    expect(historyFor(turns, "q", { ...limits, context: 200 })).toHaveLength(4);
  });
});
