import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileName } from "../../../../src/cli/commands/conversations/export-all.ts";
import type { Conversations } from "../../../../src/client/conversations/conversations.ts";
import { toJson, versionsToJson } from "../../../../src/client/conversations/export.ts";
import { importedFrom, recordsOf, type Imported } from "../../../../src/client/conversations/import.ts";
import { createPlace, jane, turn } from "./place.ts";

let place: Awaited<ReturnType<typeof createPlace>>;
let saved: Conversations;
beforeEach(async () => {
  place = await createPlace();
  saved = place.conversations();
});
afterEach(() => place.remove());

/** A conversation in which the second turn has two versions, the first of which is shown, and a title of its own. */
async function hold(): Promise<string> {
  const id = saved.start(jane);
  const first = await saved.append(id, turn("one", { finish: "stop" }));
  const second = await saved.append(
    id,
    turn("two", { parent: first.turn, tokensDeducted: null, model: null }),
  );
  await saved.append(id, turn("2nd", { parent: first.turn, replaces: second.turn, stopped: true }));
  await saved.choose(id, second.turn);
  await saved.rename(id, "A title");
  return id;
}
const exported = async (id: string): Promise<Record<string, unknown>> =>
  JSON.parse(versionsToJson(await place.conversations().readTree(id))) as Record<string, unknown>;
const restore = (there: Conversations, imported: Imported) =>
  there.restore(imported, (made) => recordsOf(imported, made));
/** Without the IDs: those of an import are new. */
const said = (document: Record<string, unknown>) => {
  const turns = document.turns as Record<string, unknown>[];
  const placeOf = (wanted: unknown) => turns.findIndex(({ id }) => id === wanted);
  const placed = turns.map((one) => ({ ...one, id: undefined, parent: placeOf(one.parent) }));
  return { ...document, id: undefined, turns: placed };
};

describe("an exported conversation, imported", () => {
  it("is the same with all its versions, under its ID if that is free, else under a new one", async () => {
    const id = await hold();
    const document = await exported(id);
    const second = await restore(saved, importedFrom(document));
    expect(second).toMatchObject({ kept: true });
    expect(second.id).not.toBe(id);
    expect(said(await exported(second.id))).toEqual(said(document));
    await saved.remove(id);
    const again = await restore(place.conversations(), importedFrom(document));
    expect(again.id).toBe(id);
    expect(said(await exported(id))).toEqual(said(document));
    expect((await stat(place.file(id))).mode & 0o777).toBe(0o600);
    expect((await place.conversations().read(id)).exchanges.map(({ question }) => question)).toEqual([
      "one?",
      "two?",
    ]);
    expect(place.problems).toEqual([]);
  });

  it("has the turns that were shown where the document has no versions, in a file of version 1", async () => {
    const id = await hold();
    const json = toJson(await saved.read(id));
    await saved.remove(id);
    await restore(saved, importedFrom(JSON.parse(json)));
    const { exchanges, ...rest } = await place.conversations().read(id);
    expect(rest).toMatchObject({ title: "A title", turns: 2, ...jane });
    expect(exchanges.map(({ question, finish }) => [question, finish])).toEqual([
      ["one?", "stop"],
      ["two?", undefined],
    ]);
    expect(JSON.parse(toJson({ exchanges, ...rest }))).toEqual({
      ...(JSON.parse(json) as object),
      updated_at: expect.any(String),
    });
    expect((await place.text(id)).split("\n")[0]).toContain('"version":1');
  });

  it("goes on like any other", async () => {
    const { id } = await restore(saved, importedFrom(await exported(await hold())));
    expect((await saved.append(id, turn("three"))).kept).toBe(true);
    const history = await place.conversations().turnsForHistory(id);
    expect(history.filter(({ role }) => role === "user").map(({ content }) => content)).toEqual([
      "one?",
      "two?",
      "three?",
    ]);
  });

  it("never takes an ID that is no ID for the name of a file", async () => {
    const document = { ...(await exported(await hold())), id: "../../x" };
    const { id, kept } = await restore(saved, importedFrom(document));
    expect([kept, /^[a-z0-9]{8}$/.test(id)]).toEqual([true, true]);
    expect(await readdir(place.root)).toEqual(["data"]);
  });
});

describe("what is no exported conversation is refused with words:", () => {
  const good = { question: "q", answer: "a", at: "2026-01-01T00:00:00.000Z" };
  const whole = { id: "abcd1234", title: "t", server: "local", created_at: good.at, turns: [good] };
  it.each([
    ["text", "hi", "it is no exported conversation."],
    ["no turns", { ...whole, turns: [] }, "it is no exported conversation: it has no turns."],
    ["no title", { ...whole, title: " " }, "title is missing, or not text."],
    ["no server", { ...whole, server: 5 }, "server is missing, or not text."],
    ["a wrong name", { ...whole, username: 5 }, "username is not text."],
    ["no time", { ...whole, created_at: "soon" }, "created_at is no time."],
    ["a turn that is none", { ...whole, turns: [good, 5] }, "turns[1] is no object."],
    [
      "no answer",
      { ...whole, turns: [{ ...good, answer: null }] },
      "turns[0].answer is missing, or not text.",
    ],
    [
      "a blank question",
      { ...whole, turns: [{ ...good, question: "" }] },
      "turns[0].question is missing, or not text.",
    ],
    [
      "negative tokens",
      { ...whole, turns: [{ ...good, tokens_deducted: -1 }] },
      "turns[0].tokens_deducted is no number of tokens.",
    ],
    ["a turn without time", { ...whole, turns: [{ ...good, at: 5 }] }, "turns[0].at is no time."],
    [
      "an ID twice",
      {
        ...whole,
        turns: [
          { ...good, id: "x", parent: null },
          { ...good, id: "x", parent: null },
        ],
      },
      "turns[1].id is missing, or there twice.",
    ],
    [
      "a parent that comes later",
      {
        ...whole,
        turns: [
          { ...good, id: "x", parent: "y" },
          { ...good, id: "y", parent: null },
        ],
      },
      "turns[0].parent is no turn before it.",
    ],
    [
      "a version without parent",
      { ...whole, turns: [{ ...good, id: "x" }] },
      "turns[0].parent is no turn before it.",
    ],
  ])("%s", (_, document, why) => {
    expect(() => importedFrom(document)).toThrow(why);
  });

  it("and what is unknown of a turn may be missing", () => {
    expect(importedFrom(whole)).toMatchObject({
      username: null,
      turns: [{ stopped: false, tokensDeducted: null, model: null, finish: null, follows: null }],
      head: 0,
    });
  });
});

describe("the file of an exported conversation", () => {
  it.each([
    ["Trip to Rome?", "trip-to-rome-abcd1234.md"],
    ["../../etc/passwd", "etc-passwd-abcd1234.md"],
    ["C:\\x\u0000\u001b[2J", "c-x-2j-abcd1234.md"],
    ["…", "abcd1234.md"],
    ["Über Ölçü 東京", "über-ölçü-東京-abcd1234.md"],
    ["x".repeat(80), `${"x".repeat(40)}-abcd1234.md`],
  ])("is named after its title and its ID: %j", (title, name) => {
    expect(fileName({ id: "abcd1234", title }, "md")).toBe(name);
  });

  it("can be made in a folder, whatever the title", async () => {
    const dir = await mkdtemp(join(tmpdir(), "ai-chat-test-"));
    try {
      const name = fileName({ id: "abcd1234", title: "😀東".repeat(40) }, "json");
      await writeFile(join(dir, name), "x");
      expect(await readFile(join(dir, name), "utf8")).toBe("x");
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
