import { afterEach, beforeEach, expect, it } from "vitest";
import type { CommandUi, SessionCommand } from "../../../src/session/command.ts";
import { commandNamed, runCommand } from "../../../src/session/commands.ts";
import { createSavedSessions } from "./saved-sessions.ts";

let sessions: Awaited<ReturnType<typeof createSavedSessions>>;
beforeEach(async () => void (sessions = await createSavedSessions()));
afterEach(() => sessions.remove());

it("/pin puts a conversation first in the lists of the session, with a mark, and the second time no longer", async () => {
  const { session, ask, notes, idOf } = sessions.open();
  const pin = () => runCommand(session, commandNamed("pin") as SessionCommand, "", {} as CommandUi);
  await pin();
  expect(notes().at(-1)).toMatch(/^This conversation isn't saved yet/);
  await ask("old");
  const id = idOf();
  await pin();
  expect(notes().at(-1)).toBe("Pinned: it is first in every list. /pin again unpins it.");
  session.clear();
  await ask("new");
  session.clear();
  const choices = await session.saver.choices();
  expect(choices.map(({ title, detail }) => [title, detail[0]])).toEqual([
    ["old", "pinned"],
    ["new", expect.not.stringContaining("pinned")],
  ]);
  expect((await session.saver.search("said")).map(({ title }) => title)).toEqual(["old", "new"]);
  await session.saver.resume(id);
  await pin();
  expect(notes().at(-1)).toBe("No longer pinned.");
  session.clear();
  expect((await session.saver.choices()).map(({ title }) => title)).toEqual(["new", "old"]);
});
