import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClientError } from "../../../src/client/failure.ts";
import { createRoom } from "../../../src/session/create-room.ts";
import type { CommandUi } from "../../../src/session/command.ts";
import { commandNamed } from "../../../src/session/commands.ts";
import { createSaver } from "../../../src/session/saving.ts";
import { answer } from "./fake-client.ts";
import { createSavedSessions } from "./saved-sessions.ts";

let sessions: Awaited<ReturnType<typeof createSavedSessions>>;
let dir: string;
beforeEach(async () => {
  sessions = await createSavedSessions();
  ({ dir } = sessions);
});
afterEach(() => sessions.remove());

const open: typeof sessions.open = (options) => sessions.open(options);
const conversations = () => sessions.conversations();

const questions = async (id: string) =>
  (await conversations().read(id)).exchanges.map(({ question }) => question);

describe("a conversation that is saved", () => {
  it("is on disk after each answer, named after its first question, and tells how to come back", async () => {
    const { session, ask, idOf } = open();
    expect(session.wayBack()).toBeUndefined();
    await ask("What is Rome?");
    await ask("And Naples?");
    expect(await questions(idOf())).toEqual(["What is Rome?", "And Naples?"]);
    expect((await conversations().find(idOf())).title).toBe("What is Rome?");
    expect(session.wayBack()).toBe(`To go on: ai-chat -r ${idOf()}`);
  });

  it("has no failed question, and a stopped one as such", async () => {
    const { session, client, ask, idOf } = open();
    client.script = [
      [{ type: "delta", text: "half" }, new ClientError("upstream_error", "It failed.", { status: 502 })],
      [{ type: "delta", text: "some" }, new Promise(() => undefined)],
    ];
    await ask("fails");
    expect(await readdir(dir)).toEqual([]);
    const stop = session.subscribe(
      () => session.state.phase.kind === "streaming" && setImmediate(() => session.stop()),
    );
    await ask("stops");
    stop();
    const { exchanges } = await conversations().read(idOf());
    expect(exchanges).toMatchObject([{ question: "stops", answer: "some", stopped: true }]);
  });

  it("isn't written with --no-save", async () => {
    const { session, ask } = open({ save: false });
    await ask("secret");
    expect(await readdir(dir)).toEqual([]);
    expect(session.wayBack()).toBeUndefined();
  });

  it("is promised no way back while nothing of it could be written, and one as soon as it is", async () => {
    const { session, ask, idOf, notes } = open();
    await rm(dir, { recursive: true });
    await writeFile(dir, "not a folder");
    await ask("one");
    expect(notes()).toContain("This conversation isn't being kept.");
    expect(session.wayBack()).toBeUndefined();
    await rm(dir);
    await mkdir(dir);
    await ask("two");
    expect(await questions(idOf())).toEqual(["one", "two"]);
    expect(session.wayBack()).toContain(idOf());
  });

  it("is named where /new leaves it, once it is saved", async () => {
    const { session, ask, idOf, notes, said } = open();
    const ui = {} as CommandUi;
    await commandNamed("new")?.run(session, "", ui);
    expect(said).toEqual([{ type: "note", tone: "dim", lines: ["A new conversation."] }]);
    await ask("one");
    const id = idOf();
    await commandNamed("new")?.run(session, "", ui);
    expect(notes().slice(-2)).toEqual(["A new conversation.", `To go on with the last one: /resume ${id}`]);
    await commandNamed("resume")?.run(session, id, ui);
    expect(session.state.conversation).toBe(id);
  });

  it("begins anew after /new", async () => {
    const { session, ask, idOf } = open();
    await ask("one");
    const first = idOf();
    session.clear();
    await ask("two");
    expect(idOf()).not.toBe(first);
    expect(await questions(first)).toEqual(["one"]);
  });

  it("has a question that was asked again only once, also when the second try failed first", async () => {
    const { session, client, ask, idOf } = open();
    await ask("one");
    client.script = [[new ClientError("upstream_error", "It failed.", { status: 502 })], answer("better")];
    session.retry();
    await session.idle();
    session.retry();
    await session.idle();
    const { exchanges } = await conversations().read(idOf());
    expect(exchanges).toMatchObject([{ question: "one", answer: "better" }]);
  });

  it("has an edited question instead of the one before, and the server never hears the old one", async () => {
    const { session, client, said, ask, idOf } = open();
    await ask("one");
    await ask("tow");
    session.edit();
    expect(said.at(-1)).toEqual({ type: "giveBack", text: "tow", toEdit: true });
    await ask("two");
    expect(await questions(idOf())).toEqual(["one", "two"]);
    expect(client.questions.at(-1)?.history.map((turn) => turn.content)).toEqual(["one", "You said: one"]);
    session.edit();
    session.stopEditing();
    await ask("three");
    expect(await questions(idOf())).toEqual(["one", "two", "three"]);
  });

  it("gets the turn that began in it, whatever the session goes on to before the answer ends", async () => {
    const { session, client, ask, idOf, notes } = open();
    await ask("other");
    const other = idOf();
    session.clear();
    client.script = [[{ type: "delta", text: "half" }, new Promise(() => undefined)]];
    const streaming = new Promise<void>((resolve) => {
      const stop = session.subscribe(() => session.state.phase.kind === "streaming" && (stop(), resolve()));
    });
    session.ask("mine");
    await streaming;
    expect(await session.saver.resume(other)).toBe(false);
    expect(notes()).toContain("A conversation can be opened when the answer is complete; F5 stops it.");
    session.stop();
    await session.idle();
    expect(await questions(other)).toEqual(["other"]);
    expect(await questions(idOf())).toEqual(["mine"]);
  });

  it("gets a turn where its question was asked, also when the session shows another one by then", async () => {
    const { options, ask, idOf } = open();
    await ask("other");
    const other = idOf();
    const [last] = (await conversations().read(other)).exchanges;
    const { room } = createRoom(options);
    room.dispatch({ type: "asked", message: "mine", before: [], key: "mine", at: 0 });
    const mine = createSaver(room).begin();
    room.dispatch({
      type: "resumed",
      answer: "",
      conversation: other,
      title: "other",
      turns: [],
      leaf: null,
      last: { message: "other", before: [], key: "other", outcome: "answered", parent: null, turn: last?.id },
    });
    const shown = room.state();
    await mine.keep("answer", false, 100);
    expect(room.state()).toEqual(shown);
    expect(await questions(other)).toEqual(["other"]);
    expect((await conversations().list()).map(({ title }) => title).toSorted()).toEqual(["mine", "other"]);
  });

  it("keeps its title where another one was renamed just before", async () => {
    const { session, ask, idOf } = open();
    await ask("one");
    const id = idOf();
    const renaming = session.saver.rename("trip to Rome");
    session.clear();
    await renaming;
    expect(session.state.title).toBeNull();
    expect((await conversations().find(id)).title).toBe("trip to Rome");
  });

  it("is renamed on disk and in the state", async () => {
    const { session, ask, idOf } = open();
    await ask("one");
    await session.saver.rename("trip to Rome");
    expect(session.state.title).toBe("trip to Rome");
    expect((await conversations().find(idOf())).title).toBe("trip to Rome");
  });
});

describe("coming back", () => {
  async function held(count: number): Promise<string> {
    const { ask, idOf } = open();
    for (let i = 1; i <= count; i += 1) await ask(`question ${i}`);
    return idOf();
  }

  it("with -c shows the last three turns and how to see the others, and goes on with all of them", async () => {
    const id = await held(5);
    const { session, client, said, notes, ask } = open({ beginning: { kind: "newest" } });
    await session.start();
    const past = said.flatMap((thing) => (thing.type === "past" ? [thing.question] : []));
    expect(past).toEqual(["question 3", "question 4", "question 5"]);
    expect(notes()[0]).toBe(`2 earlier turns: ai-chat conversations show ${id}`);
    await ask("question 6");
    expect(client.questions[0]?.history).toHaveLength(10);
    expect(await questions(id)).toHaveLength(6);
  });

  it("asks the last question of an earlier run again as a new one, in its place", async () => {
    const id = await held(2);
    const { session, client } = open({ beginning: { kind: "id", id } });
    await session.start();
    session.retry();
    await session.idle();
    expect(client.questions[0]?.history).toHaveLength(2);
    expect(await questions(id)).toEqual(["question 1", "question 2"]);
  });

  it("with -c takes only this account's, and says when there is none", async () => {
    await held(1);
    const { session, notes } = open({ beginning: { kind: "newest" }, username: "john" });
    await session.start();
    expect(session.state.conversation).toBeUndefined();
    expect(notes()).toContain("There is no earlier conversation; this is a new one.");
  });

  it("with -c waits for the login", async () => {
    const id = await held(1);
    const { session } = open({ beginning: { kind: "newest" }, signedIn: false });
    await session.start();
    expect(session.state.conversation).toBeUndefined();
    session.form({ type: "insert", text: "l" });
    for (const text of ["jane", "correct horse"]) {
      session.form({ type: "insert", text });
      session.form({ type: "enter" });
    }
    await session.idle();
    expect(session.state.conversation).toBe(id);
  });

  it("takes no question, no /retry and no /edit before all of it is there", async () => {
    const id = await held(1);
    const { session, client, said, ask } = open();
    const resuming = session.saver.resume(id);
    expect(session.ask("too early")).toBe(false);
    session.retry();
    session.edit();
    session.clear();
    expect(said).toEqual([]);
    expect(await resuming).toBe(true);
    await ask("in time");
    expect(client.questions).toMatchObject([{ message: "in time", history: [{}, {}] }]);
    expect(await questions(id)).toEqual(["question 1", "in time"]);
  });

  it("tells what is wrong with an ID, and goes on as it was", async () => {
    const { session, notes } = open();
    await session.saver.resume("zzzzzzzz");
    expect(notes()[0]).toContain("zzzzzzzz");
    expect(session.state.turns).toEqual([]);
  });

  it("finds conversations by their words", async () => {
    const id = await held(2);
    const { session } = open();
    expect(await session.saver.search("QUESTION 2")).toMatchObject([{ id, title: "question 1" }]);
    expect(await session.saver.search("Naples")).toEqual([]);
    expect(await session.saver.choices()).toMatchObject([
      { id, detail: expect.arrayContaining(["2 turns"]) },
    ]);
  });
});

describe("/server", () => {
  it("changes server, login, balance and conversation, and only those of the new one are shown", async () => {
    const { session, client, other, ask } = open();
    await ask("one");
    await session.moveTo("other");
    expect(session.state).toMatchObject({ signedIn: false, turns: [], conversation: undefined });
    expect(session.server).toBe("127.0.0.1:9999");
    expect(await session.saver.choices()).toEqual([]);
    session.form({ type: "insert", text: "l" });
    for (const text of ["jane", "correct horse"]) {
      session.form({ type: "insert", text });
      session.form({ type: "enter" });
    }
    await session.idle();
    await ask("two");
    expect(client.questions).toHaveLength(1);
    expect(other.questions).toHaveLength(1);
    expect((await conversations().list())[0]?.server).toBe("http://127.0.0.1:9999");
  });

  it("tells how to come back to the conversation that was left, where it is saved", async () => {
    const { session, notes } = open();
    await session.moveTo("other");
    expect(notes().join("\n")).not.toContain("To go on");
    const second = open();
    await second.ask("one");
    const id = second.idOf();
    await second.session.moveTo("nowhere");
    expect(second.notes().join("\n")).not.toContain("To go on");
    await second.session.moveTo("other");
    expect(second.notes().at(-1)).toBe(
      `To go on with the last one, at your own server on this machine: ai-chat -r ${id}`,
    );
  });

  it("leaves a conversation at the server where it was held, and says how to go on there", async () => {
    const { session, notes, ask, idOf } = open();
    await ask("one");
    const id = idOf();
    await session.moveTo("other");
    expect(await session.saver.resume(id)).toBe(false);
    expect(session.state).toMatchObject({ turns: [], conversation: undefined });
    expect(notes().slice(-2)).toEqual([
      "That conversation was held at your own server on this machine.",
      `To go on there: ai-chat -r ${id}`,
    ]);
  });

  it("takes no question while it is on its way, and takes them again where it stayed", async () => {
    const { session, client, other, ask } = open();
    const moving = session.moveTo("nowhere");
    expect(session.ask("too early")).toBe(false);
    session.retry();
    await moving;
    await ask("in time");
    const leaving = session.account.logOut();
    expect(session.ask("too late")).toBe(false);
    await leaving;
    expect(client.questions).toHaveLength(1);
    expect(other.questions).toEqual([]);
  });

  it("stays where it is when nobody answers there", async () => {
    const { session, notes, ask } = open();
    await ask("one");
    await session.moveTo("nowhere");
    expect(notes()).toContain("Nobody is there.");
    expect(session.server).toBe("local");
    expect(session.state.turns).toHaveLength(2);
  });
});
