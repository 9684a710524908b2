import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClientError } from "../../../src/client/failure.ts";
import { openConversations } from "../../../src/client/conversations/conversations.ts";
import type { ModelOffer } from "../../../src/client/http/contract.ts";
import type { Extension } from "../../../src/protocol/routes.ts";
import type { Beginning } from "../../../src/session/saved.ts";
import { contextUsed, forgotten, refusedLength } from "../../../src/session/context.ts";
import { answer, connectionTo, createFakeClient, type FakeClient } from "./fake-client.ts";
import { openSession } from "./open-session.ts";

/** What a model takes, and how an answer ended: docs/session.md#limits */

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), "ai-chat-test-"))));
afterEach(() => rm(dir, { recursive: true, force: true }));

const small = { message: 10, context: 20, turns: 200 };

async function open({
  client = createFakeClient(),
  told = { limits: small },
  beginning,
}: { client?: FakeClient; told?: Pick<ModelOffer, "limits">; beginning?: Beginning } = {}) {
  const plain = await client.offer();
  client.offer = async () => ({ ...plain, ...told });
  let clock = 0;
  const opened = openSession({
    connection: connectionTo(client, "jane"),
    newKey: () => `key-${client.questions.length}`,
    saving: {
      conversations: openConversations({ dir, now: () => (clock += 1000) }),
      save: true,
      showCommand: "show",
    },
    beginning,
  });
  await opened.session.start();
  return { ...opened, client, told };
}

/** An answer, and what else `done` says. */
const saying = (text: string, more: { finish?: string; turnsSent?: number }) =>
  answer(text).map((event) => (event.type === "done" ? { ...event, ...more } : event));

const forgets = (notes: string[]) => notes.filter((note) => note.includes("oldest"));

describe("a conversation that outgrows its model", () => {
  it("sends what fits, beginning with a question, and says once that the oldest turns are not sent", async () => {
    const { client, ask, notes, session } = await open();
    client.script = ["aaaa", "bbbb", "cccc", "dddd"].map((text) => answer(text));
    await ask("1111");
    await ask("2222");
    expect(forgets(notes())).toEqual([]);
    await ask("3333");
    expect(client.questions.at(-1)?.history.map(({ content }) => content)).toEqual([
      "1111",
      "aaaa",
      "2222",
      "bbbb",
    ]);
    await ask("4444");
    expect(client.questions.at(-1)?.history.map(({ content }) => content)).toEqual([
      "2222",
      "bbbb",
      "3333",
      "cccc",
    ]);
    await ask("5555");
    expect(forgets(notes())).toEqual([
      "The oldest turn no longer reaches the AI. /compact sums up, /new starts afresh.",
    ]);
    session.clear();
    for (const text of ["1111", "2222", "3333", "4444444444"]) await ask(text);
    expect(forgets(notes())).toHaveLength(2);
  });

  it("believes the server about what was sent", async () => {
    const { client, ask, notes } = await open({ told: {} });
    client.script = [answer("a"), answer("b"), saying("c", { turnsSent: 0 })];
    for (const text of ["1", "2", "3"]) await ask(text);
    expect(client.questions.at(-1)?.history).toHaveLength(4);
    expect(forgets(notes())).toEqual([
      "The 2 oldest turns no longer reach the AI. /compact sums up, /new starts afresh.",
    ]);
  });

  it("counts the entries too", async () => {
    const { ask, notes } = await open({ told: { limits: { message: 10, context: 10_000, turns: 4 } } });
    for (const text of ["1", "2", "3", "4"]) await ask(text);
    expect(forgets(notes())).toEqual([
      "The oldest turn no longer reaches the AI. /compact sums up, /new starts afresh.",
    ]);
  });

  it("says nothing of the kind at a server that takes no history", async () => {
    const { ask, notes } = await open({ client: createFakeClient({ extensions: ["idempotency"] }) });
    await ask("1");
    await ask("2");
    expect(forgets(notes())).toEqual([]);
    expect(notes().join()).toContain("This server takes no history");
  });

  it("sends the same history under the same key, whatever limits are learned meanwhile", async () => {
    const { client, ask, session, told } = await open({ told: {} });
    for (const text of ["1111", "2222", "3333"]) await ask(text);
    const lost = new ClientError("unreachable", "Lost.", { charged: "maybe" });
    client.script = [[lost], [lost], [lost]];
    await ask("4444");
    told.limits = small;
    session.ask("x".repeat(40_000));
    await session.idle();
    expect(session.state.limits).toEqual(small);
    session.retry();
    await session.idle();
    const [last, again] = client.questions.slice(-2);
    expect(again?.key).toBe(last?.key);
    expect(again?.history).toEqual(last?.history);
    expect(again?.history).toHaveLength(6);
  });

  it("counts the turns that a resumed conversation had before", async () => {
    const saved = openConversations({ dir, now: () => 1000 });
    const id = saved.start({ server: "local", username: "jane" });
    for (let n = 0; n < 120; n += 1)
      await saved.append(id, { question: `${n}`, answer: "x", tokensDeducted: 1, model: null });
    const { ask, notes, session } = await open({
      told: { limits: { message: 10, context: 10_000, turns: 200 } },
      beginning: { kind: "newest" },
    });
    expect(contextUsed(session.state)).toBe(100);
    await ask("now");
    expect(forgets(notes())).toEqual([
      "The 20 oldest turns no longer reach the AI. /compact sums up, /new starts afresh.",
    ]);
  });
});

describe("the meter", () => {
  const turnsOf = (characters: number) => [{ role: "user" as const, content: "😀".repeat(characters) }];
  const limits = { message: 100, context: 100, turns: 10 };

  it.each([
    ["little", turnsOf(69), undefined],
    ["much, in code points", turnsOf(70), 70],
    ["rounded down", turnsOf(99), 99],
    ["more than all", turnsOf(300), 100],
    ["many entries", Array.from({ length: 8 }, () => turnsOf(1)).flat(), 80],
  ])("shows %s", (_what, turns, percent) => {
    expect(contextUsed({ turns, earlier: 0, limits })).toBe(percent);
  });

  it("counts the role, which is never cut, and refuses a question that does not fit beside it", () => {
    const role = { name: "long", instructions: "😀".repeat(80) };
    expect(contextUsed({ turns: turnsOf(10), earlier: 0, limits, role })).toBe(90);
    const state = { extensions: new Set<Extension>(["stream"]), limits, models: [], model: null, role };
    expect(refusedLength(state, "x".repeat(20))).toBeUndefined();
    expect(refusedLength(state, "x".repeat(21))).toBe(
      "The question has 21 characters; this server, beside the role long, takes at most 20.",
    );
    expect(refusedLength({ ...state, limits: { ...limits, context: 0 } }, "x".repeat(21))).toBeUndefined();
  });

  it("is full if saved turns are not even loaded, and unknown without limits or without history", () => {
    expect(contextUsed({ turns: turnsOf(1), earlier: 3, limits })).toBe(100);
    expect(contextUsed({ turns: turnsOf(99), earlier: 0 })).toBeUndefined();
    expect(
      contextUsed({ turns: turnsOf(99), earlier: 0, limits: { ...limits, context: 0 } }),
    ).toBeUndefined();
  });

  it("follows the model that answers", async () => {
    const models: ModelOffer[] = [
      { name: "small", price: 100, isDefault: true, limits: small },
      { name: "big", price: 100, isDefault: false, limits: { ...small, context: 1000 } },
    ];
    const { session, ask } = await open({ client: createFakeClient({ models }) });
    await ask("1");
    await ask("2");
    expect(contextUsed(session.state)).toBe(100);
    await session.models.choose("big");
    expect(contextUsed(session.state)).toBeUndefined();
  });
});

it("forgotten turns are whole exchanges", () => {
  expect([forgotten(4, 4), forgotten(4, 2), forgotten(4, 1), forgotten(0, 9)]).toEqual([0, 1, 2, 0]);
});

describe("a question that is too long", () => {
  it("is refused with the limit of the model, which is then asked for again", async () => {
    const { session, client, ask, notes, told } = await open();
    expect(session.ask("eleven char")).toBe(false);
    expect(notes()).toEqual([
      "The question has 11 characters; this server takes at most 10.",
      "Nothing was sent: shorten it, and send it again.",
    ]);
    told.limits = { ...small, message: 11 };
    await session.idle();
    await ask("eleven char");
    expect(client.questions).toHaveLength(1);
  });

  it("names the model where there are several", async () => {
    const models: ModelOffer[] = [
      { name: "small", price: 100, isDefault: true, limits: small },
      { name: "big", price: 100, isDefault: false, limits: { ...small, message: 20 } },
    ];
    const { session, notes } = await open({ client: createFakeClient({ models }) });
    expect(session.ask("eleven char")).toBe(false);
    expect(notes()[0]).toBe("The question has 11 characters; small takes at most 10.");
    await session.models.choose("big");
    expect(session.ask("eleven char")).toBe(true);
    await session.idle();
  });
});

describe("an answer that was cut", () => {
  it.each([
    ["length", "cut at the model's limit: say go on"],
    ["content_filter", "cut by the AI's content filter"],
    ["stop", undefined],
    ["moon", undefined],
  ])("by %s is followed by a line: %s", async (finish, line) => {
    const { client, ask, notes } = await open();
    client.script = [saying("Once upon", { finish })];
    await ask("1");
    expect(notes()).toEqual(line === undefined ? [] : [line]);
  });

  it("is saved and shown as such", async () => {
    const first = await open();
    first.client.script = [saying("Once upon", { finish: "length" })];
    await first.ask("1");
    const { said } = await open({ beginning: { kind: "newest" } });
    expect(said.find(({ type }) => type === "past")).toEqual({
      type: "past",
      question: "1",
      answer: "Once upon",
      stopped: false,
      cut: "cut at the model's limit",
    });
  });
});
