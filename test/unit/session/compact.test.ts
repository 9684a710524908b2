import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClientError } from "../../../src/client/failure.ts";
import type { ChatLimits } from "../../../src/protocol/chat-limits.ts";
import type { CommandUi, SessionCommand } from "../../../src/session/command.ts";
import { contextUsed } from "../../../src/session/context.ts";
import { commandNamed, runCommand } from "../../../src/session/commands.ts";
import { endOf, openThread } from "../../../src/session/thread.ts";
import { answer } from "./fake-client.ts";
import { createSavedSessions } from "./saved-sessions.ts";

let sessions: Awaited<ReturnType<typeof createSavedSessions>>;
beforeEach(async () => void (sessions = await createSavedSessions()));
afterEach(() => sessions.remove());

const command = commandNamed("compact") as SessionCommand;
const ASKED = "Sum up our conversation so far.";

function open(
  options: Parameters<typeof sessions.open>[0] & { limits?: ChatLimits; history?: boolean } = {},
) {
  const opened = sessions.open(options);
  const { session, client, said } = opened;
  const offer = client.offer.bind(client);
  client.offer = async () => {
    const offered = await offer();
    if (options.history === false) return { ...offered, extensions: new Set() };
    return { ...offered, limits: options.limits };
  };
  const asks = (words = "") => command.asks?.(session, words, {} as CommandUi);
  const compact = async (words = "") => {
    await runCommand(session, command, words, {} as CommandUi);
    await session.idle();
  };
  const sent = (at: number) => client.questions.at(at)?.history.map(({ content }) => content);
  const edit = async (text: string) => {
    session.edit();
    await opened.ask(text);
  };
  const retry = async () => {
    session.retry();
    await session.idle();
  };
  const costs = () => said.flatMap((thing) => (thing.type === "cost" ? thing.spent : []));
  return { ...opened, asks, compact, sent, edit, retry, costs };
}

const cut = (text: string) =>
  answer(text).map((event) => (event.type === "done" ? { ...event, finish: "length" } : event));

describe("/compact", () => {
  it("says its price, sums all turns up by one question, and tells the AI the summary from then on", async () => {
    const { session, client, ask, asks, compact, sent, notes, costs } = open();
    await session.start();
    await ask("one");
    await ask("two");
    expect(asks("the names")).toBe("This sums up 2 turns, for 100 tokens.");
    client.script = [answer("All of", " it.")];
    await compact("the names");
    const { message, history } = client.questions[2] ?? {};
    expect(history).toEqual([]);
    expect(message).toContain("The user says what matters most: the names");
    expect(message?.endsWith("User:\none\n\nAI:\nYou said: one\n\nUser:\ntwo\n\nAI:\nYou said: two")).toBe(
      true,
    );
    expect(notes().slice(-2)).toEqual([
      "All of it.",
      "The AI reads this instead of 2 turns; they stay saved.",
    ]);
    expect(costs()).toEqual(["100 tokens", "100 tokens", "100 tokens"]);
    expect(session.state).toMatchObject({ tokens: 3700, phase: { kind: "idle" }, earlier: 0 });
    await ask("three");
    expect(sent(3)).toEqual([ASKED, "All of it."]);
    await ask("four");
    expect(sent(4)).toEqual([ASKED, "All of it.", "three", "You said: three"]);
    expect(new Set(client.questions.map(({ key }) => key)).size).toBe(5);
    expect((await session.saver.answers()).map(({ turn, text }) => [turn, text])).toEqual([
      [1, "You said: one"],
      [2, "You said: two"],
      [3, "You said: three"],
      [4, "You said: four"],
    ]);
  });

  it("holds after -c, and the turns stay in show and export", async () => {
    const first = open();
    await first.session.start();
    await first.ask("one");
    first.client.script = [answer("Sum.")];
    await first.compact();
    await first.ask("two");
    const { session, ask, sent, notes } = open({ beginning: { kind: "newest" } });
    await session.start();
    expect(notes().join()).not.toContain("earlier");
    expect(session.state).toMatchObject({ earlier: 0, answer: "You said: two" });
    await ask("three");
    expect(sent(0)).toEqual([ASKED, "Sum.", "two", "You said: two"]);
    expect(await session.saver.markdown()).toContain("> one\n\nYou said: one");
  });

  it("counts for ask -c, which says of no turn in it that it did not reach the AI", async () => {
    const { session, client, ask, compact, idOf } = open();
    await session.start();
    await ask("one");
    client.script = [answer("Sum.")];
    await compact();
    await ask("two");
    const conversations = sessions.conversations();
    const owner = { server: "local", username: "jane" };
    const thread = openThread(conversations, owner, await endOf(conversations, idOf()));
    const history = await thread.history("three");
    expect(history.map(({ content }) => content)).toEqual([ASKED, "Sum.", "two", "You said: two"]);
    expect([thread.forgotten(2, 4), thread.forgotten(2, 2)]).toEqual([0, 1]);
  });

  it("belongs to its path: another version of a turn in it is told the turns before", async () => {
    const { session, client, ask, compact, edit, retry, sent } = open();
    await session.start();
    await ask("one");
    await ask("two");
    client.script = [answer("Sum.")];
    await compact();
    await retry();
    expect(sent(-1)).toEqual(["one", "You said: one"]);
    await ask("after");
    expect(sent(-1)).toEqual(["one", "You said: one", "two", "You said: two"]);
    await session.versions.choose("2.1");
    await ask("three");
    expect(sent(-1)).toEqual([ASKED, "Sum."]);
    await edit("THREE");
    expect(sent(-1)).toEqual([ASKED, "Sum."]);
  });

  it("is behind the last question after -c: /retry is told what that one was told", async () => {
    const first = open();
    await first.session.start();
    await first.ask("one");
    await first.ask("two");
    first.client.script = [answer("Sum.")];
    await first.compact();
    const { session, retry, sent, ask } = open({ beginning: { kind: "newest" } });
    await session.start();
    expect(session.state.answer).toBe("You said: two");
    await retry();
    expect(sent(-1)).toEqual(["one", "You said: one"]);
    await session.versions.choose("2.1");
    await ask("three");
    expect(sent(-1)).toEqual([ASKED, "Sum."]);
    await session.versions.fork();
    await ask("four");
    expect(sent(-1)).toEqual([ASKED, "Sum.", "three", "You said: three"]);
  });

  it("sums up a summary with what followed it", async () => {
    const { session, client, ask, asks, compact } = open();
    await session.start();
    await ask("one");
    client.script = [answer("Sum.")];
    await compact();
    expect(asks()).toBeUndefined();
    await ask("two");
    expect(asks()).toBe("This sums up 2 turns, for 100 tokens.");
    await compact();
    expect(client.questions.at(-1)?.message).toContain(
      "Summary of what was before:\nSum.\n\nUser:\ntwo\n\nAI:\nYou said: two",
    );
  });

  it("works where nothing is saved, and says nothing of saved turns", async () => {
    const { session, client, ask, compact, sent, notes } = open({ save: false });
    await session.start();
    await ask("one");
    client.script = [answer("Sum.")];
    await compact();
    expect(notes().at(-1)).toBe("The AI reads this instead of 1 turn.");
    await ask("two");
    expect(sent(-1)).toEqual([ASKED, "Sum."]);
    expect((await session.saver.answers()).map(({ turn }) => turn)).toEqual([2]);
  });

  it("lets a question that failed before go on behind the summary, under its key", async () => {
    const { session, client, ask, compact, sent } = open();
    await session.start();
    await ask("one");
    client.script = [[new ClientError("timeout", "It broke.", { charged: "maybe" })], answer("Sum.")];
    await ask("two");
    await compact();
    await ask("two");
    const [, second, , again] = client.questions;
    expect([again?.key, again?.history]).toEqual([second?.key, second?.history]);
    await ask("three");
    expect(sent(-1)).toEqual([ASKED, "Sum.", "two", "You said: two"]);
  });
});

describe("a summary that does not come", () => {
  it.each([
    [
      "fails",
      [new ClientError("upstream_error", "It broke.", { status: 502, charged: "no" })],
      "It broke.",
      "Nothing was charged.",
    ],
    [
      "may have been charged",
      [new ClientError("timeout", "Too slow.", { charged: "maybe" })],
      "Too slow.",
      "It may have cost 100.",
    ],
    ["is cut", cut("half of"), "The summary is cut at the model's limit.", "It cost 100 tokens."],
    ["is empty", answer(" "), "The summary is empty.", "It cost 100 tokens."],
  ])("changes nothing if it %s, and says what it cost", async (_, steps, why, cost) => {
    const { session, client, ask, compact, sent, notes } = open();
    await session.start();
    await ask("one");
    const { turns } = session.state;
    client.script = [steps];
    await compact();
    expect(notes().slice(-3)).toEqual([why, "The conversation is as it was.", cost]);
    expect(session.state.turns).toBe(turns);
    await ask("two");
    expect(sent(-1)).toEqual(["one", "You said: one"]);
    expect((await sessions.conversations().turnsForHistory(session.state.conversation ?? "")).length).toBe(4);
  });

  it("changes nothing if it is stopped; asked again it has its key", async () => {
    const { session, client, ask, compact, notes } = open();
    await session.start();
    await ask("one");
    client.script = [[{ type: "delta", text: "half" }, new Promise(() => undefined)], answer("Sum.")];
    const stopped = compact();
    while (client.questions.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(session.state.phase).toMatchObject({ kind: "asking", sumsUp: true });
    await runCommand(session, commandNamed("new") as SessionCommand, "", {} as CommandUi);
    expect(notes().at(-1)).toBe("/new waits until the answer is through; F5 stops it.");
    session.ask("queued");
    session.stop();
    await stopped;
    expect(notes().slice(-3)).toEqual(["stopped", "The conversation is as it was.", "Nothing was charged."]);
    expect(session.state.queue).toEqual({ questions: ["queued"], isStopped: true });
    await compact();
    expect(client.questions[2]?.key).toBe(client.questions[1]?.key);
    expect(session.state.turns[1]?.content).toBe("Sum.");
  });

  it("was charged and stopped: it is asked again at once, whatever is left, and its cost is not told twice", async () => {
    const { session, client, ask, asks, compact, notes, costs } = open();
    client.tokens = 200;
    await session.start();
    await ask("one");
    client.script = [
      [{ type: "delta", text: "half" }, new Promise(() => undefined)],
      [{ type: "done", response: "Sum.", tokensDeducted: 100, tokens: 0 }],
    ];
    const stopped = compact();
    while (client.questions.length < 2) await new Promise((resolve) => setImmediate(resolve));
    client.tokens = 0;
    session.stop();
    await stopped;
    expect(notes().slice(-3)).toEqual(["stopped", "The conversation is as it was.", "It cost 100 tokens."]);
    expect(asks("the names")).toBeUndefined();
    expect(asks()).toBeUndefined();
    await compact();
    expect(client.questions[2]?.key).toBe(client.questions[1]?.key);
    expect(session.state.turns[1]?.content).toBe("Sum.");
    expect(costs().at(-1)).toBe("0 tokens");
    expect(session.state.tokens).toBe(0);
  });

  it("gets another key after it was cut: under its own it would come again", async () => {
    const { session, client, ask, compact } = open();
    await session.start();
    await ask("one");
    client.script = [cut("half"), answer("Sum.")];
    await compact();
    await compact();
    expect(client.questions[2]?.key).not.toBe(client.questions[1]?.key);
    expect(session.state.turns[1]?.content).toBe("Sum.");
  });
});

describe("/compact of a conversation that is longer than the model's limit", () => {
  const limits = { message: 2000, context: 2000, turns: 200 };
  const long = "x".repeat(1100);
  const begin = async (options: Parameters<typeof open>[0] = {}) => {
    const opened = open({ limits, ...options });
    await opened.session.start();
    for (const name of ["a", "b"]) {
      opened.client.script = [answer(name + long)];
      await opened.ask(name);
    }
    return opened;
  };

  it("asks in parts whose price is said before, with a key each, and joins their summaries if they are long", async () => {
    const { session, client, asks, compact, notes } = await begin();
    expect(contextUsed(session.state)).toBe(100);
    expect(asks()).toBe("This sums up 2 turns in 2 parts by up to 3 questions, for 300 tokens at most.");
    client.script = [answer("1".repeat(300)), answer("2".repeat(300)), answer("Both.")];
    await compact();
    const asked = client.questions.slice(2);
    expect(asked.map(({ message }) => message.length <= 2000)).toEqual([true, true, true]);
    expect(new Set(asked.map(({ key }) => key)).size).toBe(3);
    expect(asked[1]?.message).toContain("this is part 2 of 2");
    expect(asked[2]?.message).toContain(`${"1".repeat(300)}\n\n---\n\n${"2".repeat(300)}`);
    expect(notes()).toContain("part 2 of 2 · summed up");
    expect(session.state.turns[1]?.content).toBe("Both.");
    expect(session.state.tokens).toBe(4000 - 500);
    expect(contextUsed(session.state)).toBeUndefined();
  });

  it("needs no more question where they are short", async () => {
    const { session, client, compact, costs } = await begin();
    client.script = [answer("First."), answer("Second.")];
    await compact();
    expect(client.questions).toHaveLength(4);
    expect(session.state.turns[1]?.content).toBe("First.\n\nSecond.");
    expect(costs().at(-1)).toBe("200 tokens");
  });

  it("stopped in the middle says what was paid, and does not pay for the first part again", async () => {
    const { session, client, asks, compact, notes } = await begin();
    client.script = [answer("First."), [new Promise(() => undefined)], answer("Second.")];
    const stopped = compact();
    while (client.questions.length < 4) await new Promise((resolve) => setImmediate(resolve));
    session.stop();
    await stopped;
    expect(notes().slice(-2)).toEqual(["The conversation is as it was.", "It cost 100 tokens."]);
    expect(asks()).toBe("This sums up 2 turns in 2 parts by up to 2 questions, for 200 tokens at most.");
    await compact();
    expect(client.questions).toHaveLength(5);
    expect(session.state.turns[1]?.content).toBe("First.\n\nSecond.");
    expect(session.state.tokens).toBe(4000 - 400);
  });

  it("asks in smaller parts after the server refused one for its length", async () => {
    const { client, asks, compact, notes } = await begin({
      limits: { ...limits, message: 4000, context: 4000 },
    });
    expect(asks()).toBe("This sums up 2 turns, for 100 tokens.");
    client.script = [[new ClientError("payload_too_large", "Too long.", { status: 413, charged: "no" })]];
    await compact();
    expect(notes()).toContain("/compact again asks in smaller parts.");
    expect(asks()).toContain("in 2 parts");
  });

  it("is refused if the balance is below its price", async () => {
    const { session, client, asks, compact, notes } = await begin();
    client.tokens = 250;
    await session.account.show();
    expect(asks()).toBeUndefined();
    await compact();
    expect(notes().at(-1)).toBe("A summary costs 300 tokens, and 250 tokens are left.");
    expect(client.questions).toHaveLength(2);
  });

  it("sums up also the turns that are on disk alone, and says the price once they were read", async () => {
    const first = open();
    await first.session.start();
    for (let at = 1; at <= 103; at += 1) await first.ask(`${at}`);
    const { session, client, said, asks, compact, notes } = open({ beginning: { kind: "newest" } });
    await session.start();
    expect(session.state.earlier).toBe(3);
    expect(asks("names")).toBeUndefined();
    await compact("names");
    expect(client.questions).toEqual([]);
    expect(notes().at(-1)).toBe("This sums up 103 turns, for 100 tokens. /compact names again does it.");
    expect(said.at(-1)).toEqual({ type: "giveBack", text: "/compact names" });
    expect(asks("other")).toBe("This sums up 103 turns, for 100 tokens.");
    expect(asks("names")).toBeUndefined();
    await compact("names");
    expect(client.questions[0]?.message).toContain("User:\n1\n\nAI:\nYou said: 1\n\n");
    expect(session.state.earlier).toBe(0);
    expect(notes()).toContain("The AI reads this instead of 103 turns; they stay saved.");
  });
});

describe("/compact does nothing but say why", () => {
  it.each([
    ["before the first turn", {}, "There is nothing to sum up yet.", 0],
    [
      "at a server without history",
      { history: false },
      "This server takes no history: there is nothing to sum up for it.",
      1,
    ],
    [
      "at a model that reads no earlier turns",
      { limits: { message: 2000, context: 0, turns: 0 } },
      "This model reads no earlier turns: there is nothing to sum up for it.",
      1,
    ],
    [
      "at a model that takes little text",
      { limits: { message: 900, context: 900, turns: 200 } },
      "This model takes too little text for a summary.",
      1,
    ],
  ])("%s", async (_, options, why, questions) => {
    const { session, client, ask, asks, compact, notes } = open(options);
    await session.start();
    if (questions > 0) await ask("one");
    expect(asks()).toBeUndefined();
    await compact();
    expect(notes().at(-1)).toBe(why);
    expect(client.questions).toHaveLength(questions);
    expect(session.state.phase.kind).toBe("idle");
  });

  it("at a server whose offer was not known, but its price; the same again sums up", async () => {
    const { session, client, ask, asks, compact, notes } = open();
    const known = await client.offer();
    client.offer = async () => ({ ...known, extensions: new Set() });
    await session.start();
    await ask("one");
    client.offer = async () => known;
    expect(asks()).toBeUndefined();
    await compact();
    expect(notes().at(-1)).toBe("This sums up 1 turn, for 100 tokens. /compact again does it.");
    expect(client.questions).toHaveLength(1);
    expect(asks()).toBeUndefined();
    await compact();
    expect(client.questions).toHaveLength(2);
  });
});
