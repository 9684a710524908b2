import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSavedSessions } from "./saved-sessions.ts";

let sessions: Awaited<ReturnType<typeof createSavedSessions>>;
beforeEach(async () => {
  sessions = await createSavedSessions();
});
afterEach(() => sessions.remove());

const elsewhere = "http://127.0.0.1:9999";

async function held(server: string, question: string): Promise<string> {
  const conversations = sessions.conversations();
  const id = conversations.start({ server, username: "jane" });
  await conversations.append(id, { question, answer: "yes", tokensDeducted: 100, model: "demo" });
  return id;
}

async function signIn(session: ReturnType<typeof sessions.open>["session"]) {
  session.form({ type: "insert", text: "l" });
  for (const text of ["jane", "correct horse"]) {
    session.form({ type: "insert", text });
    session.form({ type: "enter" });
  }
  await session.idle();
}

describe("a session for which no server was named", () => {
  it("lists the conversations of all servers, and names the other ones", async () => {
    const [here, there] = [await held("local", "Rome"), await held(elsewhere, "Rome too")];
    const { session } = sessions.open({ everywhere: true });
    const rows = (await session.saver.choices()).map(({ id, detail }) => [id, [detail].flat().slice(2)]);
    expect(rows).toEqual([
      [there, ["127.0.0.1:9999"]],
      [here, []],
    ]);
    expect((await session.saver.search("rome")).map(({ id }) => id)).toEqual([there, here]);
  });

  it("goes to the server of a conversation from another one, and sends it nothing else", async () => {
    const there = await held(elsewhere, "Naples");
    const { session, client, other, notes, ask } = sessions.open({ everywhere: true });
    await session.start();
    await ask("Rome");
    expect(await session.saver.resume(there)).toBe(true);
    expect(session.address).toBe(elsewhere);
    expect(session.state).toMatchObject({ conversation: there, title: "Naples", phase: { kind: "idle" } });
    expect(notes()).toContain("Now at 127.0.0.1:9999.");
    expect(notes()).toContain("Going on with: Naples · 127.0.0.1:9999");
    expect(session.state.form).toMatchObject({ step: "choose" });
    await signIn(session);
    expect(session.state.conversation).toBe(there);
    await ask("Bari");
    expect(client.questions.map(({ message }) => message)).toEqual(["Rome"]);
    expect(other.questions.map(({ message, history }) => [message, history.length])).toEqual([["Bari", 2]]);
    expect((await sessions.conversations().read(there)).turns).toBe(2);
  });

  it("stays with its conversation if nobody answers there, or if there is none", async () => {
    const there = await held("http://127.0.0.1:1", "Naples");
    const { session, notes, ask, idOf } = sessions.open({ everywhere: true });
    await ask("Rome");
    const id = idOf();
    expect(await session.saver.resume(there)).toBe(false);
    expect(await session.saver.resume("zzzzzzzz")).toBe(false);
    expect(notes()).toContain("Nobody is there.");
    expect(session.state).toMatchObject({ conversation: id, phase: { kind: "idle" } });
  });
});

describe("a session for which a server was named", () => {
  it("lists the conversations of that server alone", async () => {
    const [here] = [await held("local", "Rome"), await held(elsewhere, "Rome too")];
    const { session } = sessions.open();
    expect((await session.saver.choices()).map(({ id }) => id)).toEqual([here]);
    expect((await session.saver.search("rome")).map(({ id }) => id)).toEqual([here]);
  });
});

it("finds all conversations that hold the words, however many they are", async () => {
  for (let at = 0; at < 60; at += 1) await held("local", `Rome ${at}`);
  const { session } = sessions.open();
  expect(await session.saver.search("rome")).toHaveLength(60);
});

it("leaves the open conversation out of the list and of the search", async () => {
  const other = await held("local", "Rome");
  const { session, ask } = sessions.open();
  await ask("Rome too");
  expect((await session.saver.choices()).map(({ id }) => id)).toEqual([other]);
  expect((await session.saver.search("rome")).map(({ id }) => id)).toEqual([other]);
});

it("makes the server the default after a login, and says so", async () => {
  const { session, notes } = sessions.open({
    signedIn: false,
    makeDefault: async () => "It is now the default.",
  });
  await session.start();
  await signIn(session);
  expect(notes().slice(-2)).toEqual([expect.stringContaining("Logged in as jane"), "It is now the default."]);
});
