// The list of conversations on the screen, and what opens from it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openConversations } from "../../../../src/client/conversations/conversations.ts";
import { keymapOf } from "../../../../src/tui/composer/own-keys.ts";
import { answer, createFakeClient } from "../../session/fake-client.ts";
import { leave, start } from "./drawn-session.ts";

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), "ai-chat-test-"))));
afterEach(() => rm(dir, { recursive: true, force: true }));

const openSaved = () => openConversations({ dir, now: Date.now });

async function held(count: number) {
  const conversations = openSaved();
  for (let at = 0; at < count; at += 1) {
    const id = conversations.start({ server: "local", username: "jane" });
    const answer = at === 3 ? "The **needle** is here." : "Nothing is here.";
    await conversations.append(id, {
      question: `question ${at}.`,
      answer,
      tokensDeducted: 100,
      model: "demo",
    });
  }
}

function begin() {
  const saving = { conversations: openSaved(), save: true, showCommand: "ai-chat conversations show" };
  return start({ saving, beginning: { kind: "choose" } });
}

it("is walked by pages, and says which part of it is shown", async () => {
  await held(30);
  const session = begin();
  await session.shows("1–12 of 30 · Type to filter");
  session.type("\u001b[6~");
  await session.shows("13–24 of 30");
  session.type("\u001b[F");
  await session.shows("19–30 of 30");
  expect(session.text()).toContain("question 0.");
  session.type("\u001b[H");
  await session.shows("1–12 of 30");
  session.type("\u001b");
  await session.shows("Ask, or type /");
  await leave(session);
});

it("finds what only a turn holds, shows the words around it, and opens it", async () => {
  await held(5);
  const session = begin();
  await session.shows("1–5 of 5");
  session.type("needle");
  await session.shows(/1–1 of 1 · Type.*\n.*question 3\..*The needle is here\./);
  session.type("s");
  await session.shows("No conversation holds these words. Esc closes.");
  session.type("\u007f");
  await session.shows("1–1 of 1 · Type");
  session.type("\r");
  await session.shows("Going on with: question 3.");
  expect(session.text()).toContain("The **needle** is here.");
  await leave(session);
});

it("deletes a conversation at the second Enter, and not after another key", async () => {
  const session = start({
    saving: { conversations: openSaved(), save: true, showCommand: "ai-chat conversations show" },
  });
  session.type("one");
  await session.shows("> one\n");
  session.type("\r");
  await session.shows(/You said: one\n\n100 tokens/);
  session.type("/delete");
  await session.shows("> /delete\n");
  session.type("\r");
  await session.shows('This deletes "one", 1 turn, permanently. Enter again does it.');
  session.type("\u0015");
  await session.shows("Ask, or type /");
  expect(session.text()).not.toContain("does it.");
  session.type("/delete");
  await session.shows("> /delete\n");
  session.type("\r");
  await session.shows("Enter again does it.");
  expect(await openSaved().list()).toHaveLength(1);
  session.type("\r");
  await session.shows(/> \/delete\nDeleted: one\nA new conversation\./);
  expect(await openSaved().list()).toEqual([]);
  await leave(session);
});

it("names the user's own key for what deletes a conversation", async () => {
  const { keymap } = keymapOf({ Enter: "newline", "Ctrl-S": "send" });
  const session = start({
    saving: { conversations: openSaved(), save: true, showCommand: "ai-chat conversations show" },
    keys: { keymap, told: [] },
  });
  session.type("one");
  await session.shows("> one\n");
  session.type("\u0013");
  await session.shows(/You said: one\n\n100 tokens/);
  session.type("/delete");
  await session.shows("> /delete\n");
  session.type("\u0013");
  await session.shows("Ctrl-S again does it.");
  session.type("\u0013");
  await session.shows(/> \/delete\nDeleted: one\nA new conversation\./);
  expect(await openSaved().list()).toEqual([]);
  await leave(session);
});

it("copies an answer or a code block that is chosen", async () => {
  const client = createFakeClient();
  client.script = [answer("first"), answer("So:\n\n```sh\nnpm ci\n```")];
  const copied: string[] = [];
  const session = start({ client, copyLocally: async (text) => (copied.push(text), true) });
  for (const line of ["one", "two"]) {
    session.type(line);
    await session.shows(`> ${line}\n`);
    session.type("\r");
    await session.shows(line === "one" ? /first\n\n100 tokens/ : /npm ci\n\n100 tokens/);
  }
  for (const filter of ["npm", "first"]) {
    session.type("/copy");
    await session.shows("> /copy\n");
    session.type("\r");
    await session.shows("1–3 of 3 · Type to filter; Up and Down choose, Enter copies it, Esc closes.");
    session.type(`${filter} ${filter === "npm" ? "block" : "answer"}`);
    await session.shows("1–1 of 1");
    session.type("\r");
    await session.shows(filter === "npm" ? "Copied code block 1 of turn 2." : "Copied the answer of turn 1.");
  }
  expect(copied).toEqual(["npm ci", "first"]);
  await leave(session);
});

it("chooses another version of a turn", async () => {
  const session = begin();
  await session.shows("There is no saved conversation here yet");
  for (const line of ["one", "/edit"]) {
    session.type(line);
    await session.shows(`> ${line}\n`);
    session.type("\r");
    await session.shows(line === "one" ? /You said: one\n\n100 tokens/ : "Asks this instead");
  }
  session.type("!");
  await session.shows("> one!\n");
  session.type("\r");
  await session.shows(/You said: one!\n\n100 tokens/);
  session.type("/versions");
  await session.shows("> /versions\n");
  session.type("\r");
  await session.shows(
    /1–2 of 2 · Type to filter; Up and Down choose, Enter takes it, Esc closes\.\n.*one {3}turn 1/,
  );
  session.type("\r");
  await session.shows("Going on with version 1 of 2 of turn 1.");
  expect(session.text()).toMatch(/You said: one\n\nGoing on/);
  await leave(session);
});
