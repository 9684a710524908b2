import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClientError } from "../../../src/client/failure.ts";
import type { CommandUi, SessionCommand } from "../../../src/session/command.ts";
import { commandNamed, runCommand } from "../../../src/session/commands.ts";
import { createSavedSessions } from "./saved-sessions.ts";

let sessions: Awaited<ReturnType<typeof createSavedSessions>>;
beforeEach(async () => void (sessions = await createSavedSessions()));
afterEach(() => sessions.remove());

const command = commandNamed("delete") as SessionCommand;

function open(...options: Parameters<typeof sessions.open>) {
  const opened = sessions.open(...options);
  const { session } = opened;
  const asks = () => command.asks?.(session, "", {} as CommandUi);
  const remove = () => runCommand(session, command, "", {} as CommandUi);
  return { ...opened, asks, remove };
}

describe("/delete", () => {
  it("asks with title and number of turns, deletes the file, and starts a new conversation", async () => {
    const { session, client, ask, asks, remove, notes } = open();
    await ask("one");
    await ask("two");
    expect(asks()).toBe('This deletes "one", 2 turns, permanently.');
    expect(await readdir(sessions.dir)).toHaveLength(1);
    await remove();
    expect(await readdir(sessions.dir)).toEqual([]);
    expect(notes().slice(-2)).toEqual(["Deleted: one", "A new conversation."]);
    expect(session.state).toMatchObject({ conversation: undefined, turns: [], answer: "", title: null });
    await ask("three");
    expect(client.questions.at(-1)?.history).toEqual([]);
    expect((await sessions.conversations().list()).map(({ title }) => title)).toEqual(["three"]);
  });

  it("deletes also what a crash would bring back of it", async () => {
    const pendings: unknown[] = [];
    const { client, ask, remove } = open({ onPending: (pending) => pendings.push(pending) });
    await ask("one");
    client.script = [[new ClientError("timeout", "It broke.", { charged: "maybe" })]];
    await ask("two");
    expect(pendings.at(-1)).toMatchObject({ message: "two" });
    await remove();
    expect(pendings.at(-1)).toBeUndefined();
  });

  it("asks nothing and deletes nothing if nothing is saved", async () => {
    const { asks, remove, notes } = open();
    expect(asks()).toBeUndefined();
    await remove();
    expect(notes()).toEqual(["Nothing of this conversation is saved. /new starts another one."]);
  });

  it("waits for the end of an answer", async () => {
    const { session, client, ask, remove, notes } = open();
    await ask("one");
    client.script = [[{ type: "delta", text: "some" }, new Promise(() => undefined)]];
    session.ask("two");
    await remove();
    expect(notes().at(-1)).toBe("/delete waits until the answer is through; F5 stops it.");
    expect(await readdir(sessions.dir)).toHaveLength(1);
    session.stop();
    await session.idle();
  });

  it("leaves a conversation that another session goes on with", async () => {
    const first = open();
    await first.ask("one");
    const second = open({ beginning: { kind: "newest" } });
    await second.session.start();
    await second.ask("two");
    const id = first.idOf();
    await first.remove();
    expect(first.notes().slice(-2)).toEqual([
      "Another session goes on with this conversation: nothing was deleted.",
      `To delete it all the same: ai-chat conversations delete ${id}`,
    ]);
    expect((await sessions.conversations().read(id)).turns).toBe(2);
    await second.remove();
    expect(await readdir(sessions.dir)).toEqual([]);
  });

  it("keeps the conversation if its file cannot be deleted", async () => {
    const { session, ask, remove, notes, idOf } = open();
    await ask("one");
    const file = join(sessions.dir, `${idOf()}.jsonl`);
    await rm(file);
    await mkdir(file);
    await remove();
    expect(notes().at(-2)).toBe("This conversation is not deleted.");
    expect(session.state.turns).toHaveLength(2);
  });
});
