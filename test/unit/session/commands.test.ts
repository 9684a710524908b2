import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openConversations } from "../../../src/client/conversations/conversations.ts";
import { ClientError } from "../../../src/client/failure.ts";
import type { CommandUi } from "../../../src/session/command.ts";
import { commandNamed, runCommand } from "../../../src/session/commands.ts";
import type { Beginning } from "../../../src/session/saved.ts";
import { answer, connectionTo, createFakeClient } from "./fake-client.ts";
import { openSession } from "./open-session.ts";

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), "ai-chat-test-"))));
afterEach(() => rm(dir, { recursive: true, force: true }));

const other = "https://other.example.org";

function open({
  save = true,
  name = "local",
  beginning,
}: { save?: boolean; name?: string; beginning?: Beginning } = {}) {
  const client = createFakeClient();
  const elsewhere = createFakeClient({ token: false, tokens: 4000 });
  const printed: string[] = [];
  const connected: string[] = [];
  const opened = openSession({
    connection: connectionTo(client, "jane", { name }),
    saving: { conversations: openConversations({ dir, now: Date.now }), save, showCommand: "show" },
    beginning,
    connectTo: async (server) => {
      connected.push(server);
      return connectionTo(elsewhere, undefined, { name: other });
    },
  });
  const { session } = opened;
  const ui: CommandUi = {
    print: (text) => printed.push(text),
    copy: async () => "none",
    codeBlocks: () => [],
    choose: () => undefined,
    chooseVersion: () => undefined,
    chooseRole: () => undefined,
    chooseModel: () => undefined,
    chooseText: () => undefined,
    clearScreen: () => printed.push("cleared"),
    quit: () => printed.push("quit"),
    keys: [],
  };
  const run = (command: string, argument = "") => {
    const found = commandNamed(command);
    if (found === undefined) throw new Error(`There is no ${command}.`);
    return runCommand(session, found, argument, ui);
  };
  return { ...opened, client, elsewhere, printed, connected, run };
}

describe("a command that takes nothing", () => {
  it.each(["login", "new", "clear", "quit", "retry", "help"])(
    "/%s does nothing but say so if it gets something",
    async (name) => {
      const { session, run, ask, notes, printed } = open();
      await ask("one");
      const { turns } = session.state;
      await run(name, "blah");
      expect(notes().at(-1)).toBe(`/${name} takes nothing: type it alone.`);
      expect(session.state).toMatchObject({ form: undefined, turns });
      expect(printed).toEqual([]);
    },
  );
});

describe("/server", () => {
  it.each([
    ["local", "local"],
    [other, "OTHER.example.org/"],
  ])("on %s stays in the conversation if it is given %s", async (name, typed) => {
    const { session, run, ask, notes, connected } = open({ name });
    await ask("one");
    await run("server", typed);
    expect(session.state.turns).toHaveLength(2);
    expect(connected).toEqual([]);
    expect(notes().at(-1)).toMatch(/^This is .* already\.$/);
  });

  it("is undone by Esc in its form: login, balance, price and conversation are the former ones", async () => {
    const { session, client, elsewhere, run, ask, notes } = open();
    await session.start();
    await ask("one");
    const before = session.state;
    await run("server", "other.example.org");
    expect(session.state).toMatchObject({ turns: [], signedIn: false });
    session.form({ type: "back" });
    expect(session.state).toEqual({ ...before, queue: session.state.queue });
    expect(session.address).toBe("local");
    expect(notes().at(-1)).toBe("Back at your own server on this machine.");
    await ask("two");
    expect(client.questions[1]?.history).toHaveLength(2);
    expect(elsewhere.questions).toEqual([]);
  });

  it("is undone by Esc also before the new server has told what it offers, which then changes nothing", async () => {
    const { session, elsewhere, run } = open();
    await session.start();
    let tell = () => {};
    const told = new Promise<void>((resolve) => (tell = resolve));
    const offered = await elsewhere.offer();
    elsewhere.offer = async () => {
      await told;
      return { ...offered, price: 777 };
    };
    const moving = run("server", "other.example.org");
    while (session.state.form === undefined) await new Promise((resolve) => setImmediate(resolve));
    session.form({ type: "back" });
    tell();
    await moving;
    expect(session.address).toBe("local");
    expect(session.state.price).toBe(100);
  });

  it("stays at the new server after a login there, whatever form is left later", async () => {
    const { session, elsewhere, run } = open();
    await run("server", "other.example.org");
    for (const text of ["l", "jane", "correct horse"]) {
      session.form({ type: "insert", text });
      if (text !== "l") session.form({ type: "enter" });
    }
    await session.idle();
    elsewhere.tokens = 3000;
    await run("login");
    session.form({ type: "back" });
    expect(session.address).toBe(other);
  });
});

describe("the way back", () => {
  it("is told by /clear as by /new, on the cleared screen", async () => {
    const { session, run, ask, notes, printed } = open();
    await ask("one");
    const id = session.state.conversation;
    await run("clear");
    expect(printed).toEqual(["cleared"]);
    expect(notes().slice(-2)).toEqual(["A new conversation.", `To go on with the last one: /resume ${id}`]);
  });

  it("is not promised where what was said is not saved", async () => {
    await open().ask("one");
    const { session, run, ask, notes } = open({ save: false, beginning: { kind: "newest" } });
    await session.start();
    await ask("two");
    expect(session.state.turns).toHaveLength(4);
    expect(session.wayBack()).toBeUndefined();
    await run("new");
    expect(notes().at(-1)).toBe("A new conversation.");
  });
});

describe("/retry and /edit", () => {
  it("are shown above what they say if there is no question, and not above the question", async () => {
    const { session, ask } = open();
    const isSilent = (name: string) => commandNamed(name)?.silent?.(session);
    expect([isSilent("retry"), isSilent("edit")]).toEqual([false, false]);
    await ask("one");
    expect([isSilent("retry"), isSilent("edit")]).toEqual([true, true]);
  });
});

describe("/raw", () => {
  it("prints the answer without its last line ends", async () => {
    const { client, run, ask, printed } = open();
    client.script = [answer("\n**one**\n\n- two\n\n\n")];
    await ask("one");
    await run("raw");
    expect(printed).toEqual(["\n**one**\n\n- two"]);
  });
});

describe("the balance", () => {
  it("is requested when the window gets the focus, at most once a minute", async () => {
    const { session, client, pass } = open();
    await session.start();
    const asked = () => client.balancesAsked;
    const before = asked();
    client.tokens = 9000;
    session.focused();
    expect(asked()).toBe(before);
    pass(60_000);
    session.focused();
    session.focused();
    expect(asked()).toBe(before + 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(session.state.tokens).toBe(9000);
    pass(60_000);
    client.balanceFails = new ClientError("invalid_token", "It is over.", { status: 401 });
    session.focused();
    await new Promise((resolve) => setImmediate(resolve));
    expect(session.state.form).toBeUndefined();
  });

  it("is not requested by the focus during an answer, or without a login", async () => {
    const { session, client, pass } = open();
    client.script = [[new Promise(() => undefined)]];
    session.ask("one");
    pass(60_000);
    session.focused();
    expect(client.balancesAsked).toBe(0);
    session.stop();
    await session.idle();
    await session.account.logOut();
    const { balancesAsked } = client;
    pass(60_000);
    session.focused();
    expect(client.balancesAsked).toBe(balancesAsked);
  });

  it("is requested after a 402 that doesn't tell it", async () => {
    const { client, session, ask } = open();
    await session.start();
    client.tokens = 50;
    client.script = [[new ClientError("insufficient_tokens", "None left.", { status: 402 })]];
    await ask("one");
    expect(session.state.tokens).toBe(50);
  });
});
