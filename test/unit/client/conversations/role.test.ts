import { appendFile, readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Conversations } from "../../../../src/client/conversations/conversations.ts";
import { INSTRUCTIONS_CHARACTERS } from "../../../../src/protocol/limits.ts";
import { createPlace, jane, turn } from "./place.ts";

let place: Awaited<ReturnType<typeof createPlace>>;
let saved: Conversations;
beforeEach(async () => {
  place = await createPlace();
  saved = place.conversations();
});
afterEach(() => place.remove());

const pirate = { name: "pirate", instructions: "Talk like a pirate." };
const teacher = { name: "teacher", instructions: "Explain it to a child." };
const roleOf = (id: string) => place.conversations().roleOf(id);

async function hold(role?: typeof pirate): Promise<string> {
  const id = saved.start(jane);
  await saved.append(id, turn("one", role && { role }));
  return id;
}

describe("the role of a conversation", () => {
  it("is none, then the last one that was set, then none again", async () => {
    const id = await hold();
    expect(await roleOf(id)).toBeUndefined();
    await saved.setRole(id, pirate);
    expect(await roleOf(id)).toEqual(pirate);
    await saved.setRole(id, teacher);
    expect(await roleOf(id)).toEqual(teacher);
    await saved.setRole(id, undefined);
    expect(await roleOf(id)).toBeUndefined();
  });

  it("stays with more turns, titles, pins and choices, and is read from the end of a long file", async () => {
    // The most bytes that a role takes in JSON.
    const long = { name: "long", instructions: "\u0001".repeat(INSTRUCTIONS_CHARACTERS) };
    const id = await hold(long);
    const second = await saved.append(id, turn("two"));
    const [first] = (await saved.read(id)).exchanges;
    await saved.append(id, turn("three", { parent: first?.id ?? null, replaces: second.turn }));
    await saved.choose(id, second.turn);
    await saved.rename(id, "named");
    await saved.pin(id, true);
    for (let at = 0; at < 100; at += 1)
      await saved.append(id, turn(`${at}`, { answer: "long ".repeat(100) }));
    await saved.pin(id, false);
    expect(await roleOf(id)).toEqual(long);
    expect(await saved.find(id)).toMatchObject({ title: "named", turns: 102, pinned: false });
  });

  it("is written together with the first turn, before it, and makes no file alone", async () => {
    const id = saved.start(jane);
    expect(await saved.setRole(id, pirate)).toEqual({ kept: true });
    expect(await saved.list()).toEqual([]);
    await saved.append(id, turn("one"));
    expect(await roleOf(id)).toEqual(pirate);
    expect((await saved.read(id)).exchanges.map(({ question }) => question)).toEqual(["one?"]);
  });

  it("goes into a fork, unless the fork gets another one", async () => {
    const id = await hold(pirate);
    const [last] = (await saved.read(id)).exchanges;
    const to = last?.id ?? null;
    const forks = [
      await saved.fork(id, to),
      await saved.fork(id, to, teacher),
      await saved.fork(id, to, null),
    ];
    const found = await Promise.all(forks.map((fork) => roleOf(fork.id)));
    expect(found).toEqual([pirate, teacher, undefined]);
    const empty = await saved.fork(id, null);
    await saved.append(empty.id, turn("other", { parent: null }));
    expect(await roleOf(empty.id)).toEqual(pirate);
  });

  it("keeps the version of the file, in a line that older programs skip as unknown", async () => {
    const id = await hold(pirate);
    const [header, role, first] = (await readFile(place.file(id), "utf8")).split("\n");
    expect(JSON.parse(header ?? "")).toMatchObject({ version: 1 });
    expect(JSON.parse(role ?? "")).toEqual({ is: "role", at: expect.any(String), ...pirate, before: none });
    expect(JSON.parse(first ?? "")).toMatchObject({ is: "turn", before: none });
    await saved.append(id, turn("two"));
    const [, , , second] = (await readFile(place.file(id), "utf8")).split("\n");
    expect(JSON.parse(second ?? "").before).toMatchObject({
      turns: 1,
      role: Buffer.byteLength(`${header}\n`),
    });
  });

  it("ends where an older program added a turn, and where its place holds something else", async () => {
    const id = await hold(pirate);
    await saved.append(id, turn("two"));
    const lines = (await readFile(place.file(id), "utf8")).trimEnd().split("\n");
    const bytes = Buffer.byteLength(`${lines.join("\n")}\n`);
    const before = { bytes, turns: 2, title: "one?", at: new Date(0).toISOString() };
    const older = { ...JSON.parse(lines.at(-1) ?? ""), id: "a".repeat(8), before };
    await appendFile(place.file(id), `${JSON.stringify(older)}\n`);
    expect(await roleOf(id)).toBeUndefined();
    const wrong = { ...older, id: "b".repeat(8), before: { ...before, role: 3 } };
    await appendFile(place.file(id), `${JSON.stringify(wrong)}\n`);
    expect(await roleOf(id)).toBeUndefined();
  });
});

const none = { bytes: expect.any(Number), turns: 0, title: null, at: null };
