import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClientError } from "../../../src/client/failure.ts";
import { openTextFolders } from "../../../src/client/kept/own-texts.ts";
import type { Choice } from "../../../src/session/finding.ts";
import type { CommandUi, SessionCommand } from "../../../src/session/command.ts";
import { commandNamed, runCommand } from "../../../src/session/commands.ts";
import type { Pending } from "../../../src/session/pending.ts";
import type { SessionOptions } from "../../../src/session/room.ts";
import { createSavedSessions } from "./saved-sessions.ts";

let sessions: Awaited<ReturnType<typeof createSavedSessions>>;
let config: string;
beforeEach(async () => {
  sessions = await createSavedSessions();
  config = join(sessions.dir, "config");
  await mkdir(join(config, "roles"), { recursive: true });
  await writeFile(join(config, "roles/pirate.md"), "\uFEFF# A pirate\r\n\r\nTalk like a pirate.\r\n");
  await writeFile(join(config, "roles/teacher.md"), "Explain it to a child.\n");
});
afterEach(() => sessions.remove());

const PIRATE = "# A pirate\n\nTalk like a pirate.";
const TEACHER = "Explain it to a child.";
const ours = ["stream", "history", "idempotency", "instructions"];
const pinned = (content: string) => [
  { role: "user", content },
  { role: "assistant", content: "Understood." },
];

type Opened = Parameters<typeof sessions.open>[0];
function open({ more, extensions = ours, ...rest }: Opened = {}) {
  const { roles } = openTextFolders(config);
  const opened = sessions.open({ extensions, more: { roles, ...more }, ...rest });
  const lists: (readonly Choice[])[] = [];
  const ui = { chooseRole: (choices) => lists.push(choices) } as Partial<CommandUi> as CommandUi;
  const role = (argument = "", more: Partial<CommandUi> = {}) =>
    runCommand(opened.session, commandNamed("role") as SessionCommand, argument, { ...ui, ...more });
  const sent = () => opened.client.questions.map(({ instructions }) => instructions);
  return { ...opened, role, sent, lists };
}
const asFlag = (name: string, instructions: string): SessionOptions["role"] => ({
  role: { name, instructions },
  isAsked: true,
});

describe("/role", () => {
  it("lists the roles with their first lines, says which one is chosen, and ends it", async () => {
    const { role, lists, notes, session, ask, sent } = open();
    await role();
    expect(notes()).toEqual(["No role."]);
    expect(lists.at(-1)?.map(({ id, detail, words }) => [id, detail, words])).toEqual([
      ["pirate", "", "A pirate"],
      ["teacher", "", TEACHER],
    ]);
    await ask("one");
    await role("pirate");
    expect(notes().at(-1)).toBe("From the next question on: the role pirate. /role none ends it.");
    await ask("two");
    await role();
    expect(lists.at(-1)?.map(({ id, detail }) => [id, detail])).toEqual([
      ["pirate", "chosen"],
      ["teacher", ""],
      ["none", ""],
    ]);
    await role("none");
    expect(session.state.role).toBeUndefined();
    await ask("three");
    expect(sent()).toEqual([undefined, PIRATE, undefined]);
  });

  it.each([
    ["pirat", [/^There is no role pirat: did you mean pirate\?$/, /^There are: pirate, teacher$/]],
    ["../config", [/^There is no role \.\.\/config\.$/, /^There are: pirate, teacher$/]],
    [".hidden", [/^There is no role \.hidden\.$/, /^There are: pirate, teacher$/]],
    ["blank", [/roles.blank\.md is empty\.$/]],
    ["long", [/roles.long\.md has 8,001 characters, and at most 8,000 can be sent\.$/]],
    ["huge", [/roles.huge\.md has over 8,000 characters, and at most 8,000 can be sent\.$/]],
    ["binary", [/roles.binary\.md is not UTF-8 text\.$/]],
    ["folder", [/roles.folder\.md can't be read: a folder is in its place/]],
  ])("refuses %s in words, and keeps the role", async (name, told) => {
    const at = (file: string) => join(config, "roles", `${file}.md`);
    await writeFile(at("blank"), "\uFEFF \n\t\n");
    await writeFile(at("long"), "\u{1F600}".repeat(8001));
    await writeFile(at("huge"), "x".repeat(100_000));
    await writeFile(at("binary"), Buffer.from([0xff, 0xfe, 0x00]));
    await mkdir(at("folder"));
    await writeFile(join(config, "roles/.hidden.md"), "secret");
    const { role, notes, session } = open();
    await role("teacher");
    const before = notes().length;
    for (const file of ["blank", "long", "huge", "binary", "folder"])
      if (file !== name) await rm(at(file), { recursive: true });
    await role(name);
    expect(notes().slice(before)).toEqual(told.map((words) => expect.stringMatching(words)));
    expect(session.state.role?.name).toBe("teacher");
  });

  it("takes a role of 8,000 characters whole", async () => {
    await writeFile(join(config, "roles/full.md"), "\u{1F600}".repeat(8000));
    const { role, session } = open();
    await role("full");
    expect(session.state.role?.instructions).toBe("\u{1F600}".repeat(8000));
  });

  it("says where roles are kept if there are none", async () => {
    await rm(join(config, "roles"), { recursive: true });
    const { role, notes, lists } = open();
    await role();
    await role("x");
    expect(notes()).toEqual([
      "No role.",
      "There are no roles yet: /role edit NAME writes one.",
      "There is no role x.",
      `A role is a file in ${join(config, "roles")}, such as teacher.md.`,
    ]);
    expect(lists).toEqual([]);
  });

  it("edit makes file and folder for their owner alone, and takes what the role is then if it is chosen", async () => {
    await rm(join(config, "roles"), { recursive: true });
    const { role, notes, session } = open();
    const path = join(config, "roles/sailor.md");
    const modes: number[] = [];
    const editFile = (opened: string) => {
      expect(opened).toBe(path);
      return undefined;
    };
    await role("edit sailor", { editFile });
    expect(notes().at(-1)).toBe("Nothing was written, so there is no such role.");
    await expect(stat(path)).rejects.toThrow("ENOENT");
    let texts = ["Sail."];
    const write = async (text: string) => {
      texts = [text];
      await role("edit sailor", { editFile: saving });
    };
    const { writeFileSync, statSync } = await import("node:fs");
    const saving = (opened: string) => {
      modes.push(statSync(opened).mode & 0o777, statSync(join(config, "roles")).mode & 0o777);
      writeFileSync(opened, texts[0] ?? "");
      return undefined;
    };
    await write("Sail.");
    expect(notes().slice(-2)).toEqual([`Saved: ${path}`, "/role sailor takes it."]);
    await role("sailor");
    await write("Sail on.");
    expect(session.state.role).toEqual({ name: "sailor", instructions: "Sail on." });
    expect(modes).toEqual([0o600, 0o700, 0o600, 0o700]);
    await write("x".repeat(8001));
    expect(notes().at(-1)).toMatch(/has 8,001 characters/);
    expect(await readFile(path, "utf8")).toHaveLength(8001);
    expect(session.state.role?.instructions).toBe("Sail on.");
  });

  it("edit says what is wrong with the name, with the editor, or that there is none", async () => {
    const { role, notes } = open();
    await role("edit");
    await role("edit ../up", { editFile: () => undefined });
    await role("edit x", { editFile: () => "The editor failed (exit code 1)." });
    await role("edit x");
    expect(notes()).toEqual([
      "/role edit takes the name of a role.",
      expect.stringMatching(/^A name is one word/),
      "The editor failed (exit code 1).",
      "An editor needs a terminal.",
    ]);
    await expect(stat(join(config, "roles/x.md"))).rejects.toThrow("ENOENT");
  });
});

describe("the role of a conversation", () => {
  it("goes on with it, as it was, when it is resumed or forked, and not with another one", async () => {
    const { session, ask, role, idOf } = open();
    await ask("without");
    const plain = idOf();
    session.clear();
    await role("pirate");
    await ask("one");
    const id = idOf();
    await writeFile(join(config, "roles/pirate.md"), "changed");
    const later = open({ beginning: { kind: "newest" } });
    await later.session.start();
    expect(later.session.state.role).toEqual({ name: "pirate", instructions: PIRATE });
    await later.ask("two");
    await later.session.versions.fork(1);
    await later.ask("three");
    const fork = later.idOf();
    await later.session.saver.resume(plain);
    await later.ask("four");
    expect(later.sent()).toEqual([PIRATE, PIRATE, undefined]);
    const conversations = sessions.conversations();
    const kept = [id, fork, plain].map(async (one) => (await conversations.roleOf(one))?.instructions);
    expect(await Promise.all(kept)).toEqual([PIRATE, PIRATE, undefined]);
  });

  it("is kept when it changes between two questions, and when it ends", async () => {
    const { ask, role, idOf } = open();
    await ask("one");
    await role("pirate");
    expect(await sessions.conversations().roleOf(idOf())).toEqual({ name: "pirate", instructions: PIRATE });
    await role("none");
    expect(await sessions.conversations().roleOf(idOf())).toBeUndefined();
  });

  it("is that of the session in new conversations", async () => {
    const { session, ask, role, sent } = open({ more: { role: asFlag("teacher", TEACHER) } });
    await ask("one");
    session.clear();
    await ask("two");
    await role("pirate");
    session.clear();
    await ask("three");
    await session.moveTo("other");
    expect(session.state.role?.name).toBe("pirate");
    expect(sent()).toEqual([TEACHER, TEACHER, PIRATE]);
  });

  it("is what was asked for in the conversation with which the session begins, and in no other", async () => {
    const first = open({ more: { role: asFlag("pirate", PIRATE) } });
    await first.ask("one");
    const other = first.idOf();
    first.session.clear();
    await first.ask("two");
    const id = first.idOf();
    const next = open({
      beginning: { kind: "newest" },
      more: { role: asFlag("teacher", TEACHER) },
    });
    await next.session.start();
    await next.ask("three");
    await next.session.saver.resume(other);
    await next.ask("four");
    expect(next.sent()).toEqual([TEACHER, PIRATE]);
    expect((await sessions.conversations().roleOf(id))?.name).toBe("teacher");
    // A setting is for new conversations.
    const third = open({
      beginning: { kind: "id", id },
      more: { role: { ...asFlag("pirate", PIRATE), isAsked: false } as SessionOptions["role"] },
    });
    await third.session.start();
    expect(third.session.state.role?.name).toBe("teacher");
  });

  it("goes into the fork of a session that finds that another one has gone on", async () => {
    const one = open({ more: { role: asFlag("pirate", PIRATE) } });
    await one.ask("one");
    const two = open({ beginning: { kind: "newest" } });
    await two.session.start();
    await two.ask("two");
    await two.role("teacher");
    await one.ask("three");
    expect(one.idOf()).not.toBe(two.idOf());
    const conversations = sessions.conversations();
    expect((await conversations.roleOf(one.idOf()))?.name).toBe("pirate");
    expect((await conversations.roleOf(two.idOf()))?.name).toBe("teacher");
  });
});

describe("a repeated question", () => {
  const lost = new ClientError("timeout", "No answer.", { charged: "maybe" });

  it("has the same role under its key, and with another role another key", async () => {
    const { session, client, role, sent } = open();
    await role("pirate");
    client.script = [[lost], [lost]];
    session.ask("one");
    await session.idle();
    session.retry();
    await session.idle();
    await role("teacher");
    session.retry();
    await session.idle();
    const [first, second, third] = client.questions.map(({ key }) => key);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect(sent()).toEqual([PIRATE, PIRATE, TEACHER]);
  });

  it("of a session that was killed has its role again, unless another one was asked for", async () => {
    let pending: Pending | undefined;
    const first = open({ more: { onPending: (question) => (pending = question) } });
    await first.role("pirate");
    first.client.script = [[lost]];
    await first.ask("one");
    const kept = JSON.parse(JSON.stringify(pending)) as Pending;
    expect(kept.role).toEqual({ name: "pirate", instructions: PIRATE });
    const again = async (more: Partial<SessionOptions>) => {
      const next = open({ more: { pending: kept, newKey: () => "another", ...more } });
      await next.session.start();
      await next.ask("one");
      return next.client.questions.map(({ key, instructions }) => [key === kept.key, instructions]);
    };
    expect(await again({})).toEqual([[true, PIRATE]]);
    expect(await again({ role: asFlag("teacher", TEACHER) })).toEqual([[false, TEACHER]]);
  });
});

describe("at a server without instructions", () => {
  it("a role is the first turn of the history, which is said once", async () => {
    const { ask, role, client, notes, sent } = open({ extensions: ["history", "idempotency"] });
    await role("pirate");
    await ask("one");
    await ask("two");
    expect(sent()).toEqual([undefined, undefined]);
    expect(client.questions.map(({ history }) => history)).toEqual([
      pinned(PIRATE),
      [...pinned(PIRATE), { role: "user", content: "one" }, { role: "assistant", content: "You said: one" }],
    ]);
    const said = "This server takes no instructions: the role pirate is sent as the first turn.";
    expect(notes().filter((note) => note === said)).toHaveLength(1);
    expect(notes().filter((note) => note.includes("no longer reach"))).toEqual([]);
  });

  it("and without history it can't be sent, which is said once", async () => {
    const { ask, role, client, notes } = open({ extensions: [] });
    await role("pirate");
    await ask("one");
    await ask("two");
    expect(client.questions[0]?.history).toEqual([]);
    const said = "This server takes no instructions: the role pirate can't be sent.";
    expect(notes().filter((note) => note === said)).toHaveLength(1);
  });
});
