import { describe, expect, it, vi } from "vitest";
import { ClientError } from "../../../src/client/failure.ts";
import { newApiKey } from "../../../src/protocol/api-key.ts";
import type { Said } from "../../../src/session/transcript.ts";
import { answer, connectionTo, createFakeClient } from "./fake-client.ts";
import { openSession } from "./open-session.ts";

const never = new Promise<never>(() => undefined);

function open({ client = createFakeClient(), signedIn = true, local = true, isBorrowed = false } = {}) {
  const saved: object[] = [];
  const crashes: unknown[] = [];
  const forgotten: (string | undefined)[] = [];
  const opened = openSession({
    connection: connectionTo(client, signedIn ? "jane" : undefined, {
      name: local ? "local" : client.server,
      from: isBorrowed ? "environment" : "file",
      onSave: ({ username, token }) => saved.push({ username, token }),
      onForget: (token) => forgotten.push(token),
    }),
    crash: (error) => crashes.push(error),
  });
  const { session, said } = opened;
  /** With what the answers cost. */
  const notes = () =>
    said.flatMap((thing) => {
      if (thing.type === "cost")
        return [...thing.spent, ...(thing.tokens === null ? [] : [`${thing.tokens} left`])].join(" · ") || [];
      return thing.type === "note" ? thing.lines.map((line) => [line].flat().join(" · ")) : [];
    });
  const reached = async (phase: string) => {
    while (session.state.phase.kind !== phase)
      await new Promise<void>((resolve) => {
        const stop = session.subscribe(() => (stop(), resolve()));
      });
  };
  const type = (...events: Parameters<typeof session.form>[0][]) =>
    events.forEach((event) => session.form(event));
  return {
    ...opened,
    forgotten: () => forgotten,
    client,
    notes,
    saved,
    crashes,
    reached,
    type,
  };
}

const insert = (text: string) => ({ type: "insert", text }) as const;
const enter = { type: "enter" } as const;

describe("a conversation", () => {
  it("sends the earlier turns with each question", async () => {
    const { client, ask } = open();
    await ask("one");
    await ask("two");
    expect(client.questions.map((question) => question.history)).toEqual([
      [],
      [
        { role: "user", content: "one" },
        { role: "assistant", content: "You said: one" },
      ],
    ]);
    expect(client.questions[0]?.key).not.toBe(client.questions[1]?.key);
  });

  it("says below each answer what it cost, how long it took, and what is left", async () => {
    const { session, client, said, reached, pass } = open();
    for (const seconds of [4, 2]) {
      let go = () => {};
      const passed = new Promise<void>((resolve) => (go = resolve));
      client.script = [[{ type: "delta", text: "so" }, passed, ...answer(" it is")]];
      session.ask("one");
      await reached("streaming");
      pass(seconds * 1000);
      go();
      await session.idle();
    }
    expect(said.filter(({ type }) => type === "cost")).toEqual([
      { type: "cost", spent: ["100 tokens"], milliseconds: 4000, tokens: 3900 },
      { type: "cost", spent: ["100 tokens"], milliseconds: 2000, tokens: 3800 },
    ]);
  });

  it("says how long the AI thought, and keeps what it thought out of the conversation", async () => {
    const { session, client, said, ask, reached, pass, notes } = open();
    let go = () => {};
    const passed = new Promise<void>((resolve) => (go = resolve));
    client.script = [
      [{ type: "reasoning", text: "Hm, " }, { type: "reasoning", text: "1 + 1." }, passed, ...answer("2")],
    ];
    const asked = ask("one");
    await reached("thinking");
    pass(12_300);
    go();
    await asked;
    expect(said.slice(0, 4)).toEqual([
      { type: "question", text: "one" },
      { type: "thinking" },
      { type: "note", tone: "dim", lines: ["thought for 12 s"] },
      { type: "delta", text: "2" },
    ]);
    expect(session.state.reasoning.text).toBe("Hm, 1 + 1.");
    expect(session.state.answer).toBe("2");
    await ask("two");
    expect(client.questions[1]?.history.at(-1)).toEqual({ role: "assistant", content: "2" });
    expect(session.state.reasoning.text).toBe("");
    expect(notes()).toHaveLength(3);
  });

  it("keeps only the reasoning of the last try", async () => {
    const { session, client, ask } = open();
    client.script = [
      [{ type: "reasoning", text: "Hm" }, new ClientError("unreachable", "Lost.", { charged: "maybe" })],
      [{ type: "reasoning", text: "Well" }, ...answer("2")],
    ];
    await ask("one");
    expect(session.state.reasoning.text).toBe("Well");
    session.clear();
    expect(session.state.reasoning.text).toBe("");
  });

  it("charges nothing for a question that is stopped while the AI thinks", async () => {
    const { session, client, said, ask, reached, notes } = open();
    await session.start();
    client.script = [[{ type: "reasoning", text: "Hm" }, never]];
    const asked = ask("one");
    await reached("thinking");
    session.stop();
    await asked;
    expect(notes().at(-1)).toMatch(/^stopped · /);
    expect(said.at(-1)).toEqual({ type: "giveBack", text: "one" });
    expect(session.state.turns).toEqual([]);
    expect(session.state.reasoning.text).toBe("Hm");
  });

  it("asks for the balance where the answer doesn't tell it", async () => {
    const { client, ask, notes } = open();
    client.script = [
      [
        { type: "delta", text: "hi" },
        { type: "done", response: "hi", tokensDeducted: 100, tokens: null },
      ],
    ];
    await ask("one");
    expect(notes()).toEqual(["100 tokens · 3900 left"]);
  });

  it("prints no cost if the server reports none", async () => {
    const { client, ask, notes } = open({ client: createFakeClient({ extensions: [] }) });
    client.tokens = null;
    client.script = [[{ type: "done", response: "hi", tokensDeducted: null, tokens: null }]];
    await ask("one");
    expect(notes()).toEqual([]);
  });

  it("does not send a question that is too long for the server", async () => {
    const { session, client, ask, notes } = open();
    await session.start();
    const question = "😀".repeat(32_001);
    expect(session.ask(question)).toBe(false);
    expect(notes()).toEqual([
      "The question has 32,001 characters; this server takes at most 32,000.",
      "Nothing was sent: shorten it, and send it again.",
    ]);
    await ask(`  ${question.slice(2)}\n`);
    expect(client.questions).toHaveLength(1);
  });

  it("sends a question of any length to a server of another API", async () => {
    const { session, client, ask } = open({ client: createFakeClient({ extensions: [] }) });
    await session.start();
    await ask("x".repeat(2_000_000));
    expect(client.questions).toHaveLength(1);
  });

  it("says how to log in, without an address that was never typed", async () => {
    const { session, client, notes } = open({ signedIn: false });
    client.balanceFails = new ClientError("not_logged_in", "There is no token for http://127.0.0.1:4711.");
    await session.account.show();
    expect(notes()).toEqual([
      "You are not logged in to your own server on this machine.",
      "/login logs in, or registers.",
    ]);
  });

  it("does not call a question free if an earlier try may have been charged", async () => {
    const { session, client, ask, notes } = open({ local: false });
    const refused = new ClientError("unreachable", "It refuses the connection.", { charged: "no" });
    client.script = [
      [new ClientError("timeout", "It fell silent.", { charged: "maybe" })],
      [refused],
      [refused],
    ];
    await session.start();
    await ask("one");
    await ask("one");
    expect(notes().filter((line) => /charged/.test(line))).toEqual([
      "It may have cost 100; Enter sends it again and is not charged twice.",
      "It may have cost 100; Enter sends it again and is not charged twice.",
    ]);
    await ask("another");
    expect(notes().at(-1)).toBe("Nothing was charged. Enter sends it again.");
  });

  it.each(["offer", "balance"] as const)(
    "does not wait for the %s request when leaving after a lost question",
    async (call) => {
      const client = createFakeClient();
      const asked: (AbortSignal | undefined)[] = [];
      const silent = (signal?: AbortSignal) =>
        new Promise<never>((_, reject) => {
          asked.push(signal);
          signal?.addEventListener("abort", () => reject(new ClientError("interrupted", "Interrupted.")));
        });
      const none = { extensions: new Set<never>(), price: null, model: null, models: [] };
      const quiet = call === "offer" ? (signal?: AbortSignal) => silent(signal).catch(() => none) : silent;
      client.script = [[new ClientError("timeout", "It fell silent.", { charged: "maybe" })]];
      const { session, notes } = open({ client: Object.assign(client, { [call]: quiet }), local: false });
      session.ask("one");
      await vi.waitUntil(() => asked.length === 1, { timeout: 45_000 });
      session.stop();
      await session.idle();
      expect(notes()[0]).toBe("It fell silent.");
    },
  );

  it("reports a bug to the face, which can end the session", async () => {
    const client = createFakeClient();
    const fault = new TypeError("a fault");
    client.script = [[new ClientError("upstream_error", "It failed.", { status: 502 })]];
    const { ask, crashes, session } = open({ client });
    await session.start();
    client.offer = () => Promise.reject(fault);
    await ask("one");
    expect(crashes).toEqual([fault]);
  });

  it.each([
    ["one's own", true, [], "username"],
    ["one that names extensions of this API", false, ["stream"], "username"],
    ["one of others", false, [], "password"],
  ] as const)("knows the rules for a new name of %s", async (_, local, extensions, step) => {
    const client = createFakeClient({ extensions: [...extensions], token: false });
    const { session, type } = open({ client, local, signedIn: false });
    await session.start();
    type(insert("r"), insert("jane doe"), enter);
    expect(session.state.form?.step).toBe(step);
  });

  it("isn't named after a question that was stopped before its first word", async () => {
    const { session, client, ask, reached } = open();
    client.script = [[never]];
    session.ask("late");
    await reached("asking");
    session.stop();
    await session.idle();
    expect(session.state.title).toBeNull();
    // It may have been stopped before it was sent.
    client.script = [];
    await ask("the trip to Rome");
    await ask("and back");
    expect(session.state.title).toBe("the trip to Rome");
  });

  it("is idle only once it has said that the server takes no history", async () => {
    const { client, ask, notes } = open({ client: createFakeClient({ extensions: [] }) });
    await ask("one");
    const offer = client.offer();
    client.offer = () => new Promise((resolve) => setImmediate(() => setImmediate(() => resolve(offer))));
    await ask("two");
    expect(notes()).toContain("This server takes no history: each question stands alone.");
  });

  it("warns at ten questions left", async () => {
    const { session, client, ask, notes } = open();
    client.tokens = 1100;
    await session.start();
    await ask("one");
    expect(notes()).toEqual(["100 tokens · 1000 left", "10 questions left."]);
  });

  it.each([
    ["answer_expired", 410],
    ["idempotency_key_reused", 422],
  ] as const)(
    "asks anew, and says what it costs, after %s: the same key would be refused for ever",
    async (code, status) => {
      const { session, client, ask, notes } = open({ local: false });
      await session.start();
      client.script = [
        [new ClientError("timeout", "It fell silent.", { charged: "maybe" })],
        [new ClientError(code, "Not under this key.", { status })],
      ];
      await ask("one");
      await ask("one");
      expect(notes().at(-1)).toBe("Enter asks it as a new question for 100 tokens.");
      await ask("one");
      const keys = client.questions.map(({ key }) => key);
      expect(keys[1]).toBe(keys[0]);
      expect(keys[2]).not.toBe(keys[0]);
    },
  );

  it("takes no second question while one is on its way", async () => {
    const { session, client, ask } = open();
    client.script = [[never]];
    session.ask("one");
    session.ask("two");
    await new Promise(setImmediate);
    session.stop();
    await session.idle();
    await ask("three");
    expect(client.questions.map((question) => question.message)).toEqual(["one", "three"]);
  });

  it("says once that a server takes no history", async () => {
    const { ask, notes } = open({ client: createFakeClient({ extensions: [] }) });
    await ask("one");
    await ask("two");
    await ask("three");
    expect(notes().filter((line) => line.includes("history"))).toHaveLength(1);
  });
});

describe("a question that failed", () => {
  const failure = new ClientError("upstream_error", "The AI failed.", { status: 502 });

  it("comes back whole with the reason, and isn't part of the history", async () => {
    const { session, client, said, ask, notes } = open();
    client.script = [[{ type: "delta", text: "half" }, failure]];
    await ask("one");
    expect(said).toContainEqual({ type: "giveBack", text: "one" });
    expect(notes()).toEqual(["The AI failed.", "Nothing was charged. Enter sends it again."]);
    expect(session.state.turns).toEqual([]);
  });

  it("keeps its key while message and history are unchanged", async () => {
    const { client, ask } = open();
    client.script = [[failure], [failure]];
    await ask("one");
    await ask("one");
    await ask("other");
    const [first, second, third] = client.questions.map((question) => question.key);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it("gets a new key in a new conversation", async () => {
    const { session, client, ask } = open();
    await ask("zero");
    client.script = [[failure]];
    await ask("one");
    session.clear();
    await ask("one");
    expect(client.questions[2]?.key).not.toBe(client.questions[1]?.key);
  });

  it("says that it may have been charged, and that a retry is not charged twice", async () => {
    const { session, client, ask, notes } = open();
    await session.start();
    const lost = () => new ClientError("timeout", "The connection was lost.", { charged: "maybe" });
    client.script = [[lost()]];
    await ask("one");
    expect(notes()).toContain("It may have cost 100; Enter sends it again and is not charged twice.");
  });

  it("waits for a server that asks for patience, and says so", async () => {
    const { session, client, ask } = open();
    const waits: unknown[] = [];
    session.subscribe(() => {
      if (session.state.phase.kind === "asking" && session.state.phase.wait)
        waits.push(session.state.phase.wait);
    });
    const busy = new ClientError("rate_limited", "Too many questions.", { status: 429, retryAfter: 7 });
    client.script = [[busy], answer("there")];
    await ask("one");
    expect(waits[0]).toEqual({ until: 7000, reason: "Too many questions." });
    expect(session.state.answer).toBe("there");
    expect(client.questions[0]?.key).toBe(client.questions[1]?.key);
  });

  it("says what is left, what a question costs, and how to grant more on this machine", async () => {
    const { client, ask, notes } = open();
    const poor = new ClientError("insufficient_tokens", "Not enough.", {
      status: 402,
      balance: { tokens: 60, held: 0, required: 100 },
    });
    client.script = [[poor]];
    await ask("one");
    expect(notes()).toEqual([
      "Not enough tokens.",
      "60 tokens left, a question costs 100.",
      "More: ai-chat grant jane 1000",
    ]);
  });
});

describe("a question that was stopped", () => {
  it("keeps what came as part of the history and says what it cost", async () => {
    const { session, client, ask, reached, notes } = open();
    await session.start();
    client.script = [[{ type: "delta", text: "half an answer" }, never]];
    session.ask("one");
    await reached("streaming");
    client.tokens = 3900;
    session.stop();
    await session.idle();
    expect(notes()).toEqual(["stopped · 100 tokens · 3900 left"]);
    await ask("two");
    expect(client.questions[1]?.history).toEqual([
      { role: "user", content: "one" },
      { role: "assistant", content: "half an answer" },
    ]);
    expect(client.questions[1]?.key).not.toBe(client.questions[0]?.key);
  });

  it("waits until nothing is held, for two seconds at most", async () => {
    const { session, client, reached, notes } = open();
    await session.start();
    client.script = [[{ type: "delta", text: "half" }, never]];
    session.ask("one");
    await reached("streaming");
    client.held = 100;
    session.stop();
    await session.idle();
    expect(notes()).toEqual(["stopped · may have cost 100 · 4000 left"]);
    expect(client.balancesAsked).toBeGreaterThan(5);
  });

  it("is not called free after a retry that failed, if it may have been charged", async () => {
    const { session, client, reached, notes } = open();
    await session.start();
    const refused = new ClientError("upstream_error", "The AI failed.", { charged: "no" });
    client.script = [[{ type: "delta", text: "half" }, never], [refused]];
    session.ask("one");
    await reached("streaming");
    client.held = 100;
    session.stop();
    await session.idle();
    session.retry();
    await session.idle();
    expect(notes().at(-1)).toBe("It may have cost 100; Enter sends it again and is not charged twice.");
  });

  it("is returned to the composer if no text had arrived", async () => {
    const { session, client, said, reached, notes } = open();
    await session.start();
    client.script = [[never]];
    session.ask("one");
    await reached("asking");
    session.stop();
    await session.idle();
    expect(notes()).toEqual(["stopped · 0 tokens · 4000 left"]);
    expect(said).toContainEqual({ type: "giveBack", text: "one" });
    expect(session.state.turns).toEqual([]);
  });

  it("is asked again by /retry under its key, without the stopped turn", async () => {
    const { session, client, reached } = open();
    client.script = [[{ type: "delta", text: "half" }, never], answer("whole")];
    session.ask("one");
    await reached("streaming");
    session.stop();
    await session.idle();
    session.retry();
    await session.idle();
    expect(client.questions[1]).toMatchObject({ message: "one", history: [], key: client.questions[0]?.key });
    expect(session.state.turns.map((turn) => turn.content)).toEqual(["one", "whole"]);
  });
});

describe("/retry after an answer", () => {
  it("is a new question that says its price", async () => {
    const { session, client, ask, notes } = open();
    await session.start();
    await ask("one");
    session.retry();
    await session.idle();
    expect(client.questions[1]?.key).not.toBe(client.questions[0]?.key);
    expect(client.questions[1]?.history).toEqual([]);
    expect(notes()).toContain("A new question for 100 tokens.");
    expect(session.state.turns).toHaveLength(2);
  });
});

describe("logging in", () => {
  it("asks a new person to register, twice for the password, and logs in at once", async () => {
    const { session, client, saved, type, notes } = open({
      client: createFakeClient({ token: false }),
      signedIn: false,
    });
    await session.start();
    expect(session.state.form?.step).toBe("choose");
    type(enter, insert("max"), enter, insert("12345678"), enter, insert("12345678"), enter);
    await session.idle();
    expect(saved).toEqual([{ username: "max", token: "token-of-max" }]);
    expect(session.state).toMatchObject({ username: "max", form: undefined, tokens: 4000 });
    expect(notes()).toEqual(["Welcome, max · 4,000 tokens · 40 questions"]);
    expect(client.token).toBeDefined();
  });

  it("asks for the code of an invitation only where one is needed, and sends it", async () => {
    const client = createFakeClient({ token: false });
    client.registration = "invite";
    const { session, type, saved } = open({ client, signedIn: false });
    await session.start();
    expect(client.offersAnew).toBe(1);
    type(enter);
    expect(session.state.form?.step).toBe("invite");
    type(insert("wrong"), enter, insert("max"), enter, insert("12345678"), enter, insert("12345678"), enter);
    await session.idle();
    expect(session.state.form).toMatchObject({ step: "invite", error: "This invitation is not valid." });
    type({ type: "clear" }, insert("code"), enter);
    await session.idle();
    expect(saved).toEqual([{ username: "max", token: "token-of-max" }]);
  });

  it("asks for the code once the server wants one that had not said so, and for nothing typed before", async () => {
    const client = createFakeClient({ token: false });
    Object.assign(client, { registration: "invite", tellsRegistration: false });
    const { session, type, saved } = open({ client, signedIn: false });
    await session.start();
    expect(client.offersAnew).toBe(0);
    type(enter, insert("max"), enter, insert("12345678"), enter, insert("12345678"), enter);
    await session.idle();
    expect(session.state.form).toMatchObject({ step: "invite", username: "max" });
    type(insert("code"), enter);
    await session.idle();
    expect(saved).toEqual([{ username: "max", token: "token-of-max" }]);
  });

  it("goes back to the choice at a server that takes no new accounts", async () => {
    const client = createFakeClient({ token: false });
    Object.assign(client, { registration: "closed", tellsRegistration: false });
    const { session, type } = open({ client, signedIn: false });
    await session.start();
    type(enter, insert("max"), enter, insert("12345678"), enter, insert("12345678"), enter);
    await session.idle();
    expect(session.state.form).toMatchObject({ step: "choose", error: "No new accounts.", password: "" });
  });

  it("says how long too many tries keep it out", async () => {
    const client = createFakeClient({ token: false });
    const remedy = { kind: "wait_seconds", seconds: 899 } as const;
    client.login = async () => {
      throw new ClientError("rate_limited", "Too many wrong passwords", { status: 429, remedy });
    };
    const { session, type } = open({ client, signedIn: false });
    await session.start();
    type(insert("l"), insert("jane"), enter, insert("12345678"), enter);
    await session.idle();
    expect(session.state.form).toMatchObject({
      step: "password",
      error: "Too many wrong passwords. Try again in 15 minutes.",
    });
  });

  it("shows what was wrong in its place", async () => {
    const { session, type } = open({ signedIn: false });
    await session.start();
    type(enter, insert("jane"), enter, insert("12345678"), enter, insert("1234567x"), enter);
    expect(session.state.form).toMatchObject({ step: "password", error: "The two passwords differ." });
    type(insert("12345678"), enter, insert("12345678"), enter);
    await session.idle();
    expect(session.state.form).toMatchObject({
      step: "username",
      error: "This username is taken.",
      username: "jane",
    });
    type(insert("t"), enter);
    await session.idle();
    expect(session.state).toMatchObject({ username: "janet", form: undefined });
  });

  it("keeps no password that was refused, and none that somebody goes back to", async () => {
    const { session, type } = open({ signedIn: false });
    await session.start();
    type(enter, insert("max"), enter, insert("short"), enter, insert("short"), enter);
    await session.idle();
    expect(session.state.form).toMatchObject({ step: "password", password: "", repeated: "" });
    type({ type: "back" }, { type: "clear" }, insert("jane"), enter);
    type(insert("12345678"), enter, insert("12345678"), enter);
    await session.idle();
    expect(session.state.form).toMatchObject({ step: "username", password: "12345678" });
    type({ type: "back" });
    expect(session.state.form).toMatchObject({ step: "choose", password: "", repeated: "" });
  });

  it("asks for the password in place when the token has ended, then sends the question", async () => {
    const { session, client, type } = open();
    const ended = new ClientError("expired_token", "The token has expired.", { status: 401 });
    client.script = [[ended]];
    session.ask("one");
    await session.idle();
    expect(session.state.form).toMatchObject({ step: "password", username: "jane" });
    type(insert("wrong"), enter);
    await session.idle();
    expect(session.state.form).toMatchObject({ step: "password", error: "Wrong username or password." });
    type(insert("correct horse"), enter);
    await session.idle();
    expect(client.questions.map((question) => question.message)).toEqual(["one", "one"]);
    expect(client.questions[1]?.key).toBe(client.questions[0]?.key);
    expect(session.state.answer).toBe("You said: one");
  });

  it("gives the question back when nobody logs in", async () => {
    const { session, client, said, type } = open();
    client.script = [[new ClientError("expired_token", "The token has expired.", { status: 401 })]];
    session.ask("one");
    await session.idle();
    type({ type: "back" });
    expect(said.at(-1)).toEqual({ type: "giveBack", text: "one" });
    expect(session.state.form).toBeUndefined();
  });

  it("says at the start that a kept login is no longer valid", async () => {
    const { session, client } = open();
    client.balanceFails = new ClientError("invalid_token", "Invalid.", { status: 401 });
    await session.start();
    expect(session.state.form).toMatchObject({ step: "password", username: "jane" });
  });

  it("forgets the conversation at logging out", async () => {
    const { session, ask } = open();
    await ask("one");
    await session.account.logOut();
    expect(session.state).toMatchObject({ turns: [], answer: "", signedIn: false, username: null });
    expect(session.state.form?.step).toBe("choose");
  });

  it("forgets its token, and only that one, and has the server take it back at logging out", async () => {
    const { session, client, notes, forgotten } = open();
    await session.account.logOut();
    expect(forgotten()).toEqual(["t"]);
    expect(client.token).toBeUndefined();
    expect(notes()).toEqual(["Logged out of your own server on this machine."]);
  });

  it("is logged out all the same where the server can't take tokens back, and says so", async () => {
    const { session, client, notes } = open();
    client.logout = async () => {
      throw new ClientError("not_offered", "It doesn't take tokens back.", { status: 404 });
    };
    await session.account.logOut();
    expect(session.state.signedIn).toBe(false);
    expect(notes()).toContain(
      "There the token stays valid until it ends by itself: It doesn't take tokens back.",
    );
  });

  it("takes no login before the server has taken the old token back", async () => {
    const { session, client, type } = open();
    let through = () => {};
    client.logout = () => new Promise((resolve) => (through = resolve));
    const loggedOut = session.account.logOut();
    await new Promise((resolve) => setImmediate(resolve));
    expect(session.state.form?.busy).toBe(true);
    type(enter);
    expect(session.state.form?.step).toBe("choose");
    through();
    await loggedOut;
    expect(session.state.form?.busy).toBe(false);
  });

  it("leaves a token of the environment valid, and a login that is kept beside it", async () => {
    const { session, client, notes, forgotten } = open({ isBorrowed: true });
    await session.account.logOut();
    expect(client.token).toBeDefined();
    expect(forgotten()).toEqual([]);
    expect(notes().join()).toContain("AI_CHAT_TOKEN is still set");
    expect(notes().join()).not.toContain("API key");
  });

  it("does not end an API key, and says so", async () => {
    const client = Object.defineProperty(createFakeClient(), "token", { value: newApiKey() });
    const { session, notes } = open({ client, isBorrowed: true });
    await session.account.logOut();
    expect(notes().join()).toContain("The API key in AI_CHAT_TOKEN is not ended by this.");
  });
});

describe("a question that is too long for the server", () => {
  it("comes back, with words that say what to do with it", async () => {
    const { ask, client, notes, said } = open();
    client.script = [
      [new ClientError("payload_too_large", "At most 10 bytes.", { status: 413, charged: "no" })],
    ];
    await ask("a long one");
    expect(notes()).toEqual([
      "The question is too long for this server.",
      "At most 10 bytes.",
      "Nothing was charged: shorten it, and send it again.",
    ]);
    expect(said).toContainEqual({ type: "giveBack", text: "a long one" });
  });
});

describe("/usage", () => {
  it("says what was used, and takes the balance that comes with them", async () => {
    const { session, client, said } = open();
    client.usage = async (days) => ({
      tokens: 700,
      days: [{ date: "2026-11-22", questions: days, tokens: 100 * days }],
    });
    await session.account.showUsage("");
    const days = [{ date: "2026-11-22", questions: 7, tokens: 700 }];
    expect(said).toEqual([{ type: "usage", used: { tokens: 700, days } }]);
    expect(session.state.tokens).toBe(700);
  });

  it.each(["0", "91", "x", "-1", "1.5"])("says what it takes, for %s", async (typed) => {
    const { session, notes } = open();
    await session.account.showUsage(typed);
    expect(notes()).toEqual(["/usage takes the days to look back, 1 to 90."]);
  });

  it("says in words that a server doesn't tell", async () => {
    const { session, client, notes } = open();
    client.usage = async () => {
      throw new ClientError("not_offered", "http://there doesn't tell what was used.");
    };
    await session.account.showUsage("");
    expect(notes()).toEqual(["http://there doesn't tell what was used.", "Ask whoever runs the server."]);
  });
});

describe("an answer whose server ends in the middle", () => {
  const lost = new ClientError("unreachable", "Lost.", { charged: "maybe" });
  const shown = (said: Said[]) => said.map((thing) => (thing.type === "delta" ? thing.text : "")).join("");

  it("goes on at the next owner of local, under its key, and nothing is shown twice", async () => {
    const { session, client, said, ask, notes } = open();
    client.reopen = async () => true;
    client.script = [[{ type: "delta", text: "Hel" }, lost], answer("H", "ell", "o")];
    await ask("one");
    expect(shown(said)).toBe("Hello");
    expect(new Set(client.questions.map(({ key }) => key)).size).toBe(1);
    expect(session.state).toMatchObject({ answer: "Hello", tokens: 3900, turns: { length: 2 } });
    expect(notes()).toEqual(["100 tokens · 3900 left"]);
  });

  it("is shown from its start if the next owner's AI answers differently", async () => {
    const { session, client, said, ask, notes } = open();
    client.reopen = async () => true;
    client.script = [[{ type: "delta", text: "Hel" }, lost], answer("Good ", "day")];
    await ask("one");
    expect(shown(said)).toBe("HelGood day");
    expect(notes()[0]).toBe("The connection was lost there; this is the answer from its start:");
    expect(session.state.answer).toBe("Good day");
  });

  it("is not asked again at a server that is not local", async () => {
    const { client, ask, said } = open({ local: false });
    client.script = [[{ type: "delta", text: "Hel" }, lost], answer("Hello")];
    await ask("one");
    expect(client.questions).toHaveLength(1);
    expect(said.at(-1)).toEqual({ type: "giveBack", text: "one" });
  });
});
