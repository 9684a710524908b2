// A question that is sent while a conversation is being loaded.
import { mkdtemp, open as openWithNode, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openConversations } from "../../../../src/client/conversations/conversations.ts";
import type { OpenFile } from "../../../../src/client/conversations/open-file.ts";
import type { Beginning } from "../../../../src/session/saved.ts";
import { createFakeClient } from "../../session/fake-client.ts";
import { leave, start } from "./drawn-session.ts";

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), "ai-chat-test-"))));
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A disk that opens no file until it is let go. */
function slowDisk() {
  let letGo = () => {};
  let isFree = Promise.resolve();
  const hold = () => void (isFree = new Promise((resolve) => (letGo = resolve)));
  const open: OpenFile = async (...args) => {
    await isFree;
    return openWithNode(...args);
  };
  hold();
  return { open, hold, letGo: () => letGo() };
}

const openSaved = (open?: OpenFile) => openConversations({ dir, now: Date.now, open });

async function held(...questions: string[]): Promise<string> {
  const conversations = openSaved();
  const id = conversations.start({ server: "local", username: "jane" });
  for (const question of questions)
    await conversations.append(id, { question, answer: "saved", tokensDeducted: 100, model: "demo" });
  return id;
}
const exchanges = async (id: string) =>
  (await openSaved().read(id)).exchanges.map(({ question, answer }) => [question, answer]);

function begin(beginning?: Beginning, { signedIn = true } = {}) {
  const client = createFakeClient({ token: signedIn });
  const disk = slowDisk();
  const saving = {
    conversations: openSaved(disk.open),
    save: true,
    showCommand: "ai-chat conversations show",
  };
  return { client, ...disk, ...start({ client, saving, beginning, signedIn }) };
}
const historyOf = ({ questions }: ReturnType<typeof createFakeClient>) =>
  questions.map(({ message, history }) => [message, history.map(({ content }) => content)]);

describe("a question sent while a conversation is loading", () => {
  const saved = [
    ["one", "saved"],
    ["two", "You said: two"],
  ];

  it("by -c waits in the composer, and then goes out with the history", async () => {
    const id = await held("one");
    const session = begin({ kind: "newest" });
    await session.shows("Ask, or type /");
    session.type("two");
    await session.shows("> two");
    session.type("\r");
    await session.shows(/Kept until loading is over\.\n> two\n/);
    session.letGo();
    await session.shows("You said: two");
    await session.shows("39 questions");
    await leave(session);
    expect(historyOf(session.client)).toEqual([["two", ["one", "saved"]]]);
    expect(await exchanges(id)).toEqual(saved);
  });

  it("by /resume waits in the composer, and then goes out with the history", async () => {
    const id = await held("one");
    const session = begin();
    await session.shows("40 questions");
    session.type(`/resume ${id}`);
    await session.shows(`> /resume ${id}`);
    session.type("\r");
    await session.shows("> Ask");
    session.type("two");
    await session.shows("> two");
    session.type("\r");
    await session.shows(/Kept until loading is over\.\n> two\n/);
    session.letGo();
    await session.shows("39 questions");
    await leave(session);
    expect(historyOf(session.client)).toEqual([["two", ["one", "saved"]]]);
    expect(await exchanges(id)).toEqual(saved);
  });

  it("before and after the choice with -r waits in the composer, and goes out with the history after it", async () => {
    const id = await held("one");
    const session = begin({ kind: "choose" });
    await session.shows("Ask, or type /");
    session.type("tw");
    await session.shows("> tw");
    session.type("\r");
    await session.shows("Kept until loading is over.");
    session.letGo();
    await session.shows("Type to filter");
    session.hold();
    session.type("\r");
    await session.shows("> tw");
    session.type("o");
    await session.shows("> two");
    expect(session.client.questions).toEqual([]);
    session.type("\r");
    await session.shows("Kept until loading is over.");
    session.letGo();
    await session.shows("39 questions");
    await leave(session);
    expect(historyOf(session.client)).toEqual([["two", ["one", "saved"]]]);
    expect(await exchanges(id)).toEqual(saved);
  });

  it("after the login that -c waited for waits too", async () => {
    const id = await held("one");
    const session = begin({ kind: "newest" }, { signedIn: false });
    await session.shows("I'm new: register");
    session.type("2");
    await session.shows("Username:");
    session.type("jane\r");
    await session.shows("Password of jane:");
    session.type("correct horse\r");
    await session.shows("Logged in as jane");
    session.type("two");
    await session.shows("> two");
    session.type("\r");
    await session.shows("Kept until loading is over.");
    session.letGo();
    await session.shows("39 questions");
    await leave(session);
    expect(historyOf(session.client)).toEqual([["two", ["one", "saved"]]]);
    expect(await exchanges(id)).toEqual(saved);
  });

  it("isn't sent when the conversation can't be opened here", async () => {
    const id = await held("one");
    const path = join(dir, `${id}.jsonl`);
    await writeFile(path, (await readFile(path, "utf8")).replace('"local"', '"https://chat.example.org"'));
    const session = begin({ kind: "id", id });
    await session.shows("Ask, or type /");
    session.type("two");
    await session.shows("> two");
    session.type("\r");
    await session.shows("Kept until loading is over.");
    session.letGo();
    await session.shows(/That conversation was held at chat\.example\.org\.\n[^]*> two\n/);
    session.type("\u0015");
    await session.shows("> Ask");
    await leave(session);
    expect(session.client.questions).toEqual([]);
  });

  it("isn't sent when another key was pressed since, and Ctrl-C still clears it and leaves", async () => {
    await held("one");
    const session = begin({ kind: "newest" });
    await session.shows("Ask, or type /");
    session.type("two");
    await session.shows("> two");
    session.type("\r");
    await session.shows("Kept until loading is over.");
    session.type("\u001b");
    await session.shows(/^(?![^]*Kept until)/);
    session.letGo();
    await session.shows("Going on with: one");
    session.type("\u0003");
    await session.shows("> Ask");
    await leave(session);
    expect(session.client.questions).toEqual([]);
  });
});
