import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openConversations } from "../../../src/client/conversations/conversations.ts";
import { ClientError } from "../../../src/client/failure.ts";
import { pendingOf, type Pending } from "../../../src/session/pending.ts";
import type { SessionOptions } from "../../../src/session/room.ts";
import { answer, connectionTo, createFakeClient, type FakeClient } from "./fake-client.ts";
import { openSession } from "./open-session.ts";

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), "ai-chat-test-"))));
afterEach(() => rm(dir, { recursive: true, force: true }));

const never = new Promise<never>(() => undefined);
let keys = 0;

function open({
  save = true,
  username = "jane",
  name = "local",
  extensions,
  at = 0,
  ...rest
}: {
  save?: boolean;
  username?: string;
  name?: string;
  extensions?: [];
  at?: number;
} & Pick<SessionOptions, "pending" | "beginning"> = {}) {
  const client = createFakeClient(extensions === undefined ? {} : { extensions });
  /** As on disk. */
  let pending: unknown;
  const opened = openSession({
    connection: connectionTo(client, username, { name }),
    wallClock: () => at,
    newKey: () => `key-${(keys += 1)}`,
    saving: { conversations: openConversations({ dir, now: Date.now }), save, showCommand: "show" },
    onPending: (now) => (pending = now && (JSON.parse(JSON.stringify(now)) as unknown)),
    ...rest,
  });
  return { ...opened, client, pending: () => pendingOf(pending) };
}

/** Until that question has gone out. */
async function asked({ questions }: FakeClient, message: string) {
  while (questions.at(-1)?.message !== message) await new Promise((resolve) => setImmediate(resolve));
}

/** A session that is killed while `last` is answered. */
async function killed(questions: string[], last: string, options: Parameters<typeof open>[0] = {}) {
  const { session, client, ask, pending } = open(options);
  await session.start();
  for (const question of questions) await ask(question);
  client.script = [[{ type: "delta", text: "half" }, never]];
  session.ask(last);
  await asked(client, last);
  const left = pending();
  expect(left).toMatchObject({ message: last });
  return { left: left as Pending, key: client.questions.at(-1)?.key };
}

const isFree = "It may have cost 100; Enter sends it again and is not charged twice.";
const isNotFree = "It may have cost 100; sent again, it costs that again.";

describe("a question whose session was killed during its answer", () => {
  it("is offered under its key also if the account was renamed meanwhile", async () => {
    const { left, key } = await killed(["one"], "two");
    const { session, client, ask, notes } = open({ pending: left });
    client.username = "Jane.Doe";
    await session.start();
    expect(notes()).toContain(isFree);
    expect(session.state).toMatchObject({ username: "Jane.Doe", formerly: ["jane"] });
    await ask("two");
    expect(client.questions).toMatchObject([{ key, history: { length: 2 } }]);
  });

  it.each([[[]], [["one", "two"]]])(
    "is offered after %j, in its conversation and under its key",
    async (before) => {
      const { left, key } = await killed(before, "three");
      const { session, client, ask, notes, given, pending } = open({ pending: left });
      await session.start();
      expect(client.questions).toEqual([]);
      expect(given()).toEqual(["three"]);
      expect(notes()).toContain(isFree);
      expect(session.state.turns).toHaveLength(before.length * 2);
      await ask("three");
      expect(client.questions).toMatchObject([{ key, history: { length: before.length * 2 } }]);
      expect(pending()).toBeUndefined();
    },
  );

  it("that was edited replaces the turn that it was to replace", async () => {
    const first = open();
    await first.session.start();
    await first.ask("one");
    await first.ask("tow");
    first.session.edit();
    first.client.script = [[never]];
    first.session.ask("two");
    await asked(first.client, "two");
    const { session, client, ask, notes } = open({ pending: first.pending() });
    await session.start();
    expect(notes()).toContain(isFree);
    await ask("two");
    expect(client.questions[0]?.key).toBe(first.client.questions.at(-1)?.key);
    // The process of the first session still runs here, so that the second one is a fork.
    const id = session.state.conversation ?? "";
    const { exchanges } = await openConversations({ dir, now: Date.now }).read(id);
    expect(exchanges.map(({ question }) => question)).toEqual(["one", "two"]);
  });

  it("is offered if it was the first one of a fork, of which nothing is saved yet", async () => {
    const first = open();
    await first.session.start();
    await first.ask("one");
    const { conversation: id = "" } = first.session.state;
    const second = open({ beginning: { kind: "id", id } });
    await second.session.start();
    await second.ask("two");
    first.session.edit();
    first.client.script = [[never]];
    first.session.ask("ONE");
    await asked(first.client, "ONE");
    const { session, client, ask, notes } = open({ pending: first.pending() });
    await session.start();
    expect(notes()).toEqual([expect.stringContaining("A session ended"), isFree]);
    await ask("ONE");
    expect(client.questions[0]?.key).toBe(first.client.questions.at(-1)?.key);
  });

  it("is kept while it waits for a login", async () => {
    const { session, client, ask, pending } = open();
    await session.start();
    client.script = [[new ClientError("expired_token", "The token has expired.", { status: 401 })]];
    await ask("one");
    expect(session.state.form).toBeDefined();
    expect(pending()).toMatchObject({ message: "one" });
  });

  it.each([
    ["another server", { name: "https://chat.example.org" }],
    ["another account", { username: "max" }],
    ["a server that keeps no keys", { extensions: [] as [] }],
    ["the day after", { at: 25 * 3_600_000 }],
    ["another conversation", { beginning: { kind: "newest" } as const }],
  ])("has another key at %s, and says that it costs again", async (what, options) => {
    if (what === "another conversation") await open().ask("elsewhere");
    const { left, key } = await killed([], "three");
    const { session, client, ask, notes, given } = open({ pending: left, ...options });
    await session.start();
    expect(given()).toEqual(["three"]);
    expect(notes().at(-1)?.replace("a question", "100")).toBe(isNotFree);
    await ask("three");
    expect(client.questions[0]?.key).not.toBe(key);
  });

  it("of a conversation that was not saved has another key", async () => {
    const { left } = await killed(["one"], "two", { save: false });
    const { session, notes } = open({ pending: left });
    await session.start();
    expect(notes().at(-1)).toBe(isNotFree);
  });

  it("waits for the login", async () => {
    const { left } = await killed(["one"], "two");
    const { session, client, given } = open({ pending: left });
    client.balanceFails = new ClientError("invalid_token", "It is over.", { status: 401 });
    await session.start();
    expect(given()).toEqual(["two"]);
  });
});

describe("what is kept of a question for the case that the session is killed", () => {
  it.each([
    ["an answer", answer("one")],
    ["a failure that cost nothing", [new ClientError("upstream_error", "It failed.", { status: 502 })]],
  ])("is gone after %s", async (_, steps) => {
    const { client, ask, pending } = open();
    client.script = [[...steps]];
    await ask("one");
    expect(pending()).toBeUndefined();
  });

  it("stays while the question may have been charged for nothing", async () => {
    const { client, ask, pending } = open();
    client.script = [[new ClientError("timeout", "It fell silent.", { charged: "maybe" })]];
    await ask("one");
    expect(pending()?.message).toBe("one");
  });

  it.each([
    [100, "one"],
    [0, undefined],
  ])("after a stop that cost %s and brought no answer is %s", async (cost, message) => {
    const { session, client, pending } = open();
    await session.start();
    client.script = [[never]];
    session.ask("one");
    client.tokens = 4000 - cost;
    session.stop();
    await session.idle();
    expect(pending()?.message).toBe(message);
  });

  it("is nothing if the file is broken", () => {
    expect(pendingOf({ message: "one" })).toBeUndefined();
    expect(pendingOf(undefined)).toBeUndefined();
    expect(pendingOf([])).toBeUndefined();
  });
});
