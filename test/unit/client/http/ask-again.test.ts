import { describe, expect, it } from "vitest";
import { askAgain, type AskAgainOptions } from "../../../../src/client/http/ask-again.ts";
import { ClientError } from "../../../../src/client/failure.ts";
import type { AnswerEvent, ApiClient, Question } from "../../../../src/client/http/contract.ts";
import type { Extension } from "../../../../src/protocol/routes.ts";

const done: AnswerEvent = { type: "done", response: "Hello", tokensDeducted: 100, tokens: 3900 };
const word: AnswerEvent = { type: "delta", text: "Hel" };

const refused = () =>
  new ClientError("unreachable", "refused", {
    cause: Object.assign(new Error("no"), { code: "ECONNREFUSED" }),
  });
const lost = () => new ClientError("unreachable", "lost", { charged: "maybe" });
const answered = (code: ConstructorParameters<typeof ClientError>[0], status: number, retryAfter?: number) =>
  new ClientError(code, code, { status, retryAfter });

/** A client whose tries go as scripted; remembers the keys under which it was asked. */
function scripted(tries: (AnswerEvent | ClientError)[][], extensions: Extension[] = []) {
  const keys: string[] = [];
  async function* ask(question: Question): AsyncGenerator<AnswerEvent, void, undefined> {
    keys.push(question.key);
    for (const step of tries.shift() ?? []) {
      if (step instanceof ClientError) throw step;
      yield step;
    }
  }
  const client = {
    ask,
    offer: async () => ({ extensions: new Set(extensions), price: null, model: null, models: [] }),
  } satisfies Partial<ApiClient> as unknown as ApiClient;
  return { client, keys };
}

async function hear(client: ApiClient, options: AskAgainOptions = {}, signal?: AbortSignal) {
  const waits: number[] = [];
  const events: AnswerEvent[] = [];
  const sleep = async (milliseconds: number) => void waits.push(milliseconds / 1000);
  let error: ClientError | undefined;
  try {
    const question = { message: "hi", history: [], key: "k1", signal };
    for await (const event of askAgain(client, question, { sleep, ...options })) events.push(event);
  } catch (reason) {
    error = reason as ClientError;
  }
  return { events, error, waits };
}

describe("askAgain", () => {
  it("repeats a question of which only reasoning has come, and tells of each try", async () => {
    const hm: AnswerEvent = { type: "reasoning", text: "Hm" };
    const { client } = scripted(
      [
        [hm, lost()],
        [hm, word, done],
      ],
      ["idempotency"],
    );
    let tries = 0;
    const { events, error } = await hear(client, { onTry: () => (tries += 1) });
    expect({ events, error, tries }).toEqual({ events: [hm, hm, word, done], error: undefined, tries: 2 });
  });

  it.each<[string, ClientError]>([
    ["a refused connection", refused()],
    ["held tokens", answered("tokens_held", 402, 1)],
    ["a question in flight", answered("request_in_progress", 409, 1)],
    ["too many questions", answered("rate_limited", 429, 1)],
    ["too many questions without a time", answered("rate_limited", 429)],
    ["a server that says when to come back", answered("overloaded", 503, 1)],
    ["a busy AI", answered("upstream_unavailable", 503, 1)],
  ])("repeats after %s, under the same key", async (_, error) => {
    const { client, keys } = scripted([[error], [word, done]]);
    expect(await hear(client)).toEqual({ events: [word, done], error: undefined, waits: [1] });
    expect(keys).toEqual(["k1", "k1"]);
  });

  it.each<[string, ClientError]>([
    ["a name that doesn't exist", new ClientError("unreachable", "no such name")],
    ["an empty balance", answered("insufficient_tokens", 402)],
    ["a wrong token", answered("invalid_token", 401)],
    ["a server that doesn't say when to come back", answered("store_unavailable", 503)],
    ["a failed AI", answered("upstream_error", 502)],
    ["a time-out", new ClientError("timeout", "silent", { charged: "maybe" })],
    ["an interruption", new ClientError("interrupted", "interrupted")],
    ["a lost connection if the server does not offer idempotency", lost()],
  ])("doesn't repeat after %s", async (_, error) => {
    const { client, keys } = scripted([[error], [done]]);
    expect(await hear(client)).toEqual({ events: [], error, waits: [] });
    expect(keys).toHaveLength(1);
  });

  it("does not wait for what the server offers after a stop", async () => {
    const { client, keys } = scripted([[lost()]]);
    const stop = new AbortController();
    const none = { extensions: new Set<Extension>(), price: null, model: null };
    const offer = (signal?: AbortSignal) =>
      new Promise<typeof none>((resolve) => {
        signal?.addEventListener("abort", () => resolve(none));
        stop.abort();
      });
    const { error } = await hear(Object.assign(client, { offer }), {}, stop.signal);
    expect(error).toMatchObject({ code: "unreachable", charged: "maybe" });
    expect(keys).toHaveLength(1);
  });

  it("repeats a lost question if the server offers idempotency", async () => {
    const { client } = scripted([[lost()], [done]], ["idempotency"]);
    expect((await hear(client)).events).toEqual([done]);
  });

  it("doesn't repeat what has begun to be shown", async () => {
    const { client, keys } = scripted([[word, lost()], [done]], ["idempotency"]);
    expect(await hear(client)).toMatchObject({
      events: [word],
      error: { message: "lost", charged: "maybe" },
    });
    expect(keys).toHaveLength(1);
  });

  it("gives up after three tries", async () => {
    const { client, keys } = scripted([[refused()], [refused()], [refused()], [done]]);
    const { error, waits } = await hear(client);
    expect(error).toMatchObject({ code: "unreachable", charged: "no" });
    expect(keys).toHaveLength(3);
    expect(waits).toEqual([1, 2]);
  });

  it("waits as long as it is told to, at most 30 s in all", async () => {
    const long = () => answered("rate_limited", 429, 20);
    const { client, keys } = scripted([[long()], [long()], [done]]);
    expect(await hear(client)).toMatchObject({ error: { retryAfter: 20 }, waits: [20] });
    expect(keys).toHaveLength(2);
  });

  it("doesn't begin a wait that is too long", async () => {
    const { client } = scripted([[answered("overloaded", 503, 31)], [done]]);
    expect(await hear(client)).toMatchObject({ error: { code: "overloaded", retryAfter: 31 }, waits: [] });
  });

  it("says before each wait how long and why", async () => {
    const told: [number, string][] = [];
    const { client } = scripted([[answered("tokens_held", 402, 1)], [refused()], [done]]);
    await hear(client, { onWait: (seconds, reason) => told.push([seconds, reason.code]) });
    expect(told).toEqual([
      [1, "tokens_held"],
      [2, "unreachable"],
    ]);
  });

  it("still says that a lost try may have been charged when a later one fails otherwise", async () => {
    const { client } = scripted([[lost()], [refused()], [refused()]], ["idempotency"]);
    expect((await hear(client)).error).toMatchObject({ message: "refused", charged: "maybe" });
  });

  it("knows from a 402 under the same key that a lost try cost nothing", async () => {
    const { client } = scripted([[lost()], [answered("insufficient_tokens", 402)]], ["idempotency"]);
    expect((await hear(client)).error).toMatchObject({ code: "insufficient_tokens", charged: "no" });
  });

  it("does not call a question free that an earlier request under its key may have cost", async () => {
    const { client } = scripted([[answered("invalid_token", 401)]]);
    expect((await hear(client, { inDoubt: true })).error).toMatchObject({ status: 401, charged: "maybe" });
  });

  it("is interrupted while it waits, by its own clock too", async () => {
    const controller = new AbortController();
    const { client, keys } = scripted([[answered("rate_limited", 429, 25)], [done]]);
    const options = { sleep: undefined, onWait: () => controller.abort() };
    expect((await hear(client, options, controller.signal)).error).toMatchObject({
      code: "interrupted",
      charged: "no",
    });
    expect(keys).toHaveLength(1);
  });

  describe("at local, after the process that ran it has ended", () => {
    /** A client whose server can be opened again, as often as `reopen` resolves to true. */
    function local(
      tries: (AnswerEvent | ClientError)[][],
      reopen: () => Promise<boolean> = async () => true,
    ) {
      const { client, keys } = scripted(tries);
      let opened = 0;
      Object.assign(client, { reopen: () => ((opened += 1), reopen()) });
      return { client, keys, opened: () => opened };
    }
    const restarts = () => {
      const heard: string[] = [];
      return { heard, onRestart: () => heard.push("restart") };
    };

    it.each([lost(), answered("shutting_down", 503)])("asks the next owner without a wait", async (error) => {
      const { client, keys } = local([[error], [done]]);
      expect(await hear(client)).toEqual({ events: [done], error: undefined, waits: [] });
      expect(keys).toEqual(["k1", "k1"]);
    });

    it("asks again after part of the answer only for a reader that can take it from its start", async () => {
      const { heard, onRestart } = restarts();
      const tries = () => [
        [word, lost()],
        [word, done],
      ];
      expect(await hear(local(tries()).client, { onRestart })).toMatchObject({ events: [word, word, done] });
      expect(heard).toEqual(["restart"]);
      expect(await hear(local(tries()).client)).toMatchObject({ events: [word], error: { message: "lost" } });
    });

    it("asks three next owners at most", async () => {
      const { onRestart } = restarts();
      const { client, opened } = local(Array.from({ length: 5 }, () => [word, lost()]));
      expect((await hear(client, { onRestart })).events).toHaveLength(4);
      expect(opened()).toBe(3);
    });

    it("does not ask again if this process runs the server", async () => {
      const { client, keys } = local([[word, lost()], [done]], async () => false);
      const { onRestart } = restarts();
      expect((await hear(client, { onRestart })).error).toMatchObject({ message: "lost" });
      expect(keys).toHaveLength(1);
    });

    it("does not open a server again for a question that was stopped", async () => {
      const { client, opened } = local([[lost()]]);
      expect((await hear(client, {}, AbortSignal.abort())).error).toMatchObject({ message: "lost" });
      expect(opened()).toBe(0);
    });
  });

  it("hangs up when its reader leaves", async () => {
    let left = false;
    const { client } = scripted([]);
    client.ask = async function* ask() {
      try {
        yield word;
        yield done;
      } finally {
        left = true;
      }
    };
    for await (const event of askAgain(client, { message: "hi", history: [], key: "k1" })) {
      expect(event).toEqual(word);
      break;
    }
    expect(left).toBe(true);
  });
});
