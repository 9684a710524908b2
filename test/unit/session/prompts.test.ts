import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openTextFolders } from "../../../src/client/kept/own-texts.ts";
import type { CommandUi, SessionCommand } from "../../../src/session/command.ts";
import { commandNamed, runCommand } from "../../../src/session/commands.ts";
import { completions } from "../../../src/session/input.ts";
import { createPrompts, type Prompts, type PromptSource } from "../../../src/session/prompts.ts";
import { createSavedSessions } from "./saved-sessions.ts";

let sessions: Awaited<ReturnType<typeof createSavedSessions>>;
let dir: string;
let source: PromptSource;
let prompts: Prompts;
beforeEach(async () => {
  sessions = await createSavedSessions();
  dir = join(sessions.dir, "config/prompts");
  await mkdir(dir, { recursive: true });
  await writeFile(
    join(dir, "review.md"),
    "\uFEFF# Review this\r\n\r\n$ARGUMENTS\r\n\r\nEnd of $ARGUMENTS.\n",
  );
  await writeFile(join(dir, "short.md"), "Say it in one sentence.\n");
  await writeFile(join(dir, "help.md"), "Help me.");
  source = {
    texts: openTextFolders(join(sessions.dir, "config")).prompts,
    isCommand: (name) => commandNamed(name) !== undefined,
  };
  prompts = createPrompts(source);
});
afterEach(() => sessions.remove());

it.each([
  ["/short", "Say it in one sentence."],
  ["/short  two  words ", "Say it in one sentence.\n\ntwo  words"],
  ["/review $& and $1", "# Review this\n\n$& and $1\n\nEnd of $& and $1."],
  ["/review a\nb @/etc/passwd", "# Review this\n\na\nb @/etc/passwd\n\nEnd of a\nb @/etc/passwd."],
  ["/review", "# Review this\n\n\n\nEnd of ."],
])("%j is the question %j", (typed, question) => {
  expect(prompts.questionOf(typed)).toEqual({ question });
});

it.each(["/help", "/HELP me", "/other", "//short", "/short/x", "short", "/../config", "/", " "])(
  "%j names no prompt",
  (typed) => {
    expect(prompts.questionOf(typed)).toBeUndefined();
  },
);

it("says what is wrong with a file", async () => {
  await writeFile(join(dir, "blank.md"), " \n");
  await mkdir(join(dir, "folder.md"));
  expect(prompts.questionOf("/blank")).toEqual({ why: expect.stringMatching(/blank\.md is empty\.$/) });
  expect(prompts.questionOf("/folder x")).toEqual({ why: expect.stringMatching(/can't be read: a folder/) });
});

it("is in the menu behind the commands, with its first line and without control sequences", async () => {
  await writeFile(join(dir, "evil.md"), "\u001b[31mred\u0007\nmore");
  await writeFile(join(dir, "no prompt.md"), "x");
  await writeFile(join(dir, "note.txt"), "x");
  const listed = await prompts.list();
  expect(listed.map(({ name, help }) => [name, help])).toEqual([
    ["evil", "red"],
    ["review", "Review this"],
    ["short", "Say it in one sentence."],
  ]);
  expect(completions("/re", listed).map(({ name }) => name)).toEqual([
    "resume",
    "rename",
    "retry",
    "reasoning",
    "review",
  ]);
  expect(completions("/review x", listed)).toEqual([]);
  await rm(dir, { recursive: true });
  expect(await prompts.list()).toEqual([]);
});

it("/help lists prompts, and a command that has the name of one says once that it wins", async () => {
  const { session, notes } = sessions.open({ more: { prompts: source } });
  const help = () =>
    runCommand(session, commandNamed("help") as SessionCommand, "", {
      keys: [],
    } as Partial<CommandUi> as CommandUi);
  await help();
  await help();
  expect(notes().filter((note) => note.startsWith("/review [TEXT] "))).toHaveLength(2);
  expect(notes().filter((note) => note.includes("is not used"))).toEqual([
    "prompts/help.md is not used: /help is a command of the session.",
  ]);
});
