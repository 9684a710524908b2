import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClientError } from "../../../src/client/failure.ts";
import type { CommandUi } from "../../../src/session/command.ts";
import { commandNamed } from "../../../src/session/commands.ts";
import type { Choice } from "../../../src/session/finding.ts";
import { createSavedSessions } from "./saved-sessions.ts";

let sessions: Awaited<ReturnType<typeof createSavedSessions>>;
beforeEach(async () => {
  sessions = await createSavedSessions();
});
afterEach(() => sessions.remove());

const questions = async (id: string) =>
  (await sessions.conversations().read(id)).exchanges.map(({ question }) => question);

function open(...options: Parameters<typeof sessions.open>) {
  const opened = sessions.open(...options);
  const { session, ask } = opened;
  let offered: readonly Choice[] = [];
  const ui = { chooseVersion: (choices: readonly Choice[]) => void (offered = choices) } as CommandUi;
  const command = async (name: string, argument = "") => {
    offered = [];
    await commandNamed(name)?.run(session, argument, ui);
    await session.idle();
    return offered;
  };
  const edit = async (text: string) => {
    session.edit();
    await ask(text);
  };
  const past = () =>
    opened.said.flatMap((thing) => (thing.type === "past" ? [[thing.question, thing.answer]] : []));
  const historyOf = (at: number) => opened.client.questions.at(at)?.history.map(({ content }) => content);
  return { ...opened, command, edit, past, historyOf };
}

describe("/versions", () => {
  it("lists the versions of every turn that has several, and goes on with the chosen one", async () => {
    const { session, client, ask, edit, command, past, notes, idOf, historyOf } = open();
    await ask("one");
    await ask("two");
    await edit("TWO");
    await ask("three");
    session.retry();
    await session.idle();
    const choices = await command("versions");
    expect(
      choices.map(({ id, title, detail }) => [
        id,
        title,
        [detail].flat().slice(0, 2),
        detail.includes("shown"),
      ]),
    ).toEqual([
      ["3.1", "three", ["turn 3", "version 1 of 2"], false],
      ["3.2", "three", ["turn 3", "version 2 of 2"], true],
      ["2.1", "two", ["turn 2", "version 1 of 2"], false],
      ["2.2", "TWO", ["turn 2", "version 2 of 2"], true],
    ]);
    expect((await command("versions", "2")).map(({ id }) => id)).toEqual(["2.1", "2.2"]);
    await session.versions.choose("2.1");
    expect(past()).toEqual([["two", "You said: two"]]);
    expect(notes().at(-1)).toBe("Going on with version 1 of 2 of turn 2.");
    expect(await questions(idOf())).toEqual(["one", "two"]);
    await ask("four");
    expect(historyOf(-1)).toEqual(["one", "You said: one", "two", "You said: two"]);
    expect(await questions(idOf())).toEqual(["one", "two", "four"]);
    expect(client.questions).toHaveLength(6);
    // The way back: what followed the other version is there again.
    await command("versions", "2.2");
    expect(await questions(idOf())).toEqual(["one", "TWO", "three"]);
    expect(past().slice(1)).toEqual([
      ["TWO", "You said: TWO"],
      ["three", "You said: three"],
    ]);
  });

  it("asks the last question of the chosen version again, and edits it, in its place", async () => {
    const { session, ask, edit, command, idOf, historyOf } = open();
    await ask("one");
    await edit("ONE");
    await command("versions", "1.1");
    session.retry();
    await session.idle();
    expect(historyOf(-1)).toEqual([]);
    await edit("One");
    const tree = await sessions.conversations().readTree(idOf());
    expect(tree.turns.map(({ question, parent }) => [question, parent])).toEqual([
      ["one", null],
      ["ONE", null],
      ["one", null],
      ["One", null],
    ]);
  });

  it("keeps the place of a question after one that failed", async () => {
    const { client, ask, edit, idOf } = open();
    await ask("one");
    await ask("two");
    client.script = [[new ClientError("upstream_error", "It failed.", { status: 502 })]];
    await edit("TWO");
    await ask("three");
    expect(await questions(idOf())).toEqual(["one", "three"]);
    client.script = [[new ClientError("upstream_error", "It failed.", { status: 502 })]];
    await ask("four");
    await ask("five");
    expect(await questions(idOf())).toEqual(["one", "three", "five"]);
  });

  it.each([
    ["versions", "", "No turn here has another version; /retry and /edit make more."],
    ["versions", "1", "Turn 1 has one version; /retry and /edit make more."],
    ["versions", "2", "This conversation has 1 turn."],
    ["versions", "1.2", "Turn 1 has 1 version."],
    ["versions", "1.1", "That version is the one that is shown."],
    ["versions", "all", "/versions takes the number of a turn, or of its version: /versions 5.2"],
    ["fork", "2", "This conversation has 1 turn."],
    ["fork", "x", "/fork takes the number of a turn."],
  ])("/%s %s without such a thing says so", async (name, argument, words) => {
    const { ask, command, notes } = open();
    await ask("one");
    expect(await command(name, argument)).toEqual([]);
    expect(notes().at(-1)).toBe(words);
  });

  it("says that nothing is saved yet", async () => {
    const { command, notes } = open();
    await command("versions");
    await command("fork");
    expect(notes()).toEqual(Array.from({ length: 2 }, () => "Nothing of this conversation is saved yet."));
  });

  it("only looks, where the session saves nothing", async () => {
    const first = open();
    await first.ask("one");
    await first.edit("ONE");
    const id = first.idOf();
    const { session, command, notes, past } = open({ save: false, beginning: { kind: "id", id } });
    await session.start();
    await command("versions", "1.1");
    expect(past().at(-1)).toEqual(["one", "You said: one"]);
    await command("fork");
    expect(notes().at(-1)).toBe("This session saves nothing, and so no fork.");
    expect(await questions(id)).toEqual(["ONE"]);
  });
});

describe("/fork", () => {
  it("goes on with a new conversation up to a turn, and says how to come back", async () => {
    const { session, ask, command, past, notes, idOf, historyOf } = open();
    for (const text of ["one", "two", "three"]) await ask(text);
    const first = idOf();
    await command("fork", "2");
    const fork = idOf();
    expect(fork).not.toBe(first);
    expect(past()).toEqual([["two", "You said: two"]]);
    expect(notes().slice(-2)).toEqual([
      "A fork up to turn 2: one (fork)",
      `To go on with the other one: /resume ${first}`,
    ]);
    expect(session.state.title).toBe("one (fork)");
    await ask("four");
    expect(historyOf(-1)).toEqual(["one", "You said: one", "two", "You said: two"]);
    expect(await questions(fork)).toEqual(["one", "two", "four"]);
    expect(await questions(first)).toEqual(["one", "two", "three"]);
    expect(session.wayBack()).toBe(`To go on: ai-chat -r ${fork}`);
  });
});

describe("a second session in one conversation", () => {
  async function two() {
    const first = open();
    await first.ask("one");
    const id = first.idOf();
    const second = open({ beginning: { kind: "id", id } });
    await second.session.start();
    return { first, second, id };
  }

  it("becomes a fork before its question goes out, and says so", async () => {
    const { first, second, id } = await two();
    await second.ask("two");
    expect(second.idOf()).toBe(id);
    await first.ask("TWO");
    const fork = first.idOf();
    expect(fork).not.toBe(id);
    expect(first.notes()).toContain(`Another session has gone on with this conversation, ${id}.`);
    expect(first.notes()).toContain(`From here on this one is a fork of it: ${fork}.`);
    expect(first.session.wayBack()).toContain(fork);
    expect(first.session.state.title).toBe("one (fork)");
    expect(await questions(id)).toEqual(["one", "two"]);
    expect(await questions(fork)).toEqual(["one", "TWO"]);
    await first.ask("three");
    await second.ask("three");
    expect(await questions(fork)).toEqual(["one", "TWO", "three"]);
    expect(await questions(id)).toEqual(["one", "two", "three"]);
  });

  it("is noticed while the other one still waits for its answer", async () => {
    const { first, second, id } = await two();
    first.client.script = [[{ type: "delta", text: "half" }, new Promise(() => undefined)]];
    const streaming = new Promise<void>((resolve) => {
      const stop = first.session.subscribe(
        () => first.session.state.phase.kind === "streaming" && (stop(), resolve()),
      );
    });
    first.session.ask("mine");
    await streaming;
    await second.ask("other");
    expect(second.idOf()).not.toBe(id);
    first.session.stop();
    await first.session.idle();
    expect(await questions(id)).toEqual(["one", "mine"]);
    expect(await questions(second.idOf())).toEqual(["one", "other"]);
  });

  it("is nothing to notice after a question that failed, or once it was read again", async () => {
    const { first, second, id } = await two();
    first.client.script = [[new ClientError("upstream_error", "It failed.", { status: 502 })]];
    await first.ask("fails");
    await second.ask("two");
    expect(second.idOf()).toBe(id);
    await first.session.saver.resume(id);
    await first.ask("three");
    expect(first.idOf()).toBe(id);
    expect(await questions(id)).toEqual(["one", "two", "three"]);
  });

  it("forks from the turn before, where it asks the last question again", async () => {
    const { first, second, id } = await two();
    await second.ask("two");
    first.session.retry();
    await first.session.idle();
    const fork = first.idOf();
    expect(fork).not.toBe(id);
    expect(first.session.state.title).toBe("one");
    expect(await questions(fork)).toEqual(["one"]);
    expect(await questions(id)).toEqual(["one", "two"]);
  });
});

describe("a question that fails instead of another one", () => {
  const fails = () => [new ClientError("upstream_error", "It failed.", { status: 502 })];

  it.each(["retry", "edit"] as const)("leaves the old answer in the conversation: /%s", async (how) => {
    const { session, client, ask, edit, command, notes, idOf, historyOf } = open();
    await ask("one");
    client.script = [fails()];
    if (how === "edit") await edit("ONE");
    else await command("retry");
    expect(session.state.editing).toBe(true);
    await command("versions");
    expect(notes().at(-1)).toBe("No turn here has another version; /retry and /edit make more.");
    session.stopEditing();
    await ask("two");
    expect(historyOf(-1)).toEqual(["one", "You said: one"]);
    expect(await questions(idOf())).toEqual(["one", "two"]);
  });

  it("takes its place when it is changed, and keeps its key when it is not", async () => {
    const { session, client, ask, edit, idOf } = open();
    await ask("one");
    client.script = [fails(), fails()];
    await edit("ONE");
    session.stopEditing();
    await ask("ONE");
    expect(client.questions[2]).toMatchObject({ key: client.questions[1]?.key, history: [] });
    await ask("One");
    expect(client.questions[3]?.history).toEqual([]);
    expect(await questions(idOf())).toEqual(["One"]);
  });
});
