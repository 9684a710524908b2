import { appendFile, readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openConversations, type Conversations } from "../../../../src/client/conversations/conversations.ts";
import { createPlace, jane, turn } from "./place.ts";

let place: Awaited<ReturnType<typeof createPlace>>;
let saved: Conversations;
beforeEach(async () => {
  place = await createPlace();
  saved = place.conversations();
});
afterEach(() => place.remove());

async function hold(name: string): Promise<string> {
  const id = saved.start(jane);
  await saved.append(id, turn(name));
  return id;
}
const order = async () => (await place.conversations().list()).map(({ title, pinned }) => [title, pinned]);

describe("a pinned conversation", () => {
  it("is first in the list until it is unpinned, and is not the newest", async () => {
    const old = await hold("old");
    const middle = await hold("middle");
    await hold("new");
    await saved.pin(old, true);
    expect(await order()).toEqual([
      ["old?", true],
      ["new?", false],
      ["middle?", false],
    ]);
    await saved.pin(middle, true);
    expect((await order()).map(([title]) => title)).toEqual(["middle?", "old?", "new?"]);
    expect((await place.conversations().newest(jane))?.title).toBe("new?");
    await saved.pin(old, false);
    await saved.pin(middle, false);
    expect((await order()).map(([title]) => title)).toEqual(["new?", "middle?", "old?"]);
  });

  it("stays pinned with more turns, titles and choices, and keeps its turns and title", async () => {
    const id = await hold("one");
    await saved.pin(id, true);
    const second = await saved.append(id, turn("two"));
    const [first] = (await saved.read(id)).exchanges;
    await saved.append(id, turn("three", { parent: first?.id ?? null, replaces: second.turn }));
    await saved.choose(id, second.turn);
    await saved.rename(id, "named");
    for (let at = 0; at < 200; at += 1)
      await saved.append(id, turn(`${at}`, { answer: "long ".repeat(100) }));
    const found = await place.conversations().find(id);
    expect(found).toMatchObject({ pinned: true, title: "named", turns: 202 });
    expect((await saved.read(id)).exchanges.map(({ question }) => question).slice(0, 3)).toEqual([
      "one?",
      "two?",
      "0?",
    ]);
  });

  it("has a fork that is not pinned", async () => {
    const id = await hold("one");
    await saved.pin(id, true);
    const [last] = (await saved.read(id)).exchanges;
    const fork = await saved.fork(id, last?.id ?? null);
    expect((await saved.find(fork.id)).pinned).toBe(false);
  });

  it("keeps the version of its file, and has a line that older programs skip as unknown", async () => {
    const id = await hold("one");
    await saved.pin(id, true);
    const [header, , pin] = (await readFile(place.file(id), "utf8")).split("\n");
    expect(JSON.parse(header ?? "")).toMatchObject({ version: 1 });
    expect(JSON.parse(pin ?? "")).toEqual({
      is: "pin",
      at: expect.any(String),
      pinned: true,
      before: { bytes: expect.any(Number), turns: 1, title: "one?", at: expect.any(String) },
    });
    await appendFile(place.file(id), '{"is":"pin","at":"now","pinned":1}\n');
    expect(await openConversations({ dir: place.dir, now: Date.now }).find(id)).toMatchObject({
      pinned: true,
      turns: 1,
    });
  });

  it("makes no file before its first turn", async () => {
    const id = saved.start(jane);
    expect(await saved.pin(id, true)).toEqual({ kept: true });
    expect(await saved.list()).toEqual([]);
  });
});
