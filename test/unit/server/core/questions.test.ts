import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { endlessRoom } from "./endless-room.ts";
import { createAnswers } from "../../../../src/server/core/answers.ts";
import { ApiError } from "../../../../src/server/core/api-error.ts";
import { ClientGone } from "../../../../src/server/core/client-gone.ts";
import type { Provider } from "../../../../src/server/core/provider.ts";
import { joined } from "../../../../src/server/core/pieces.ts";
import type { Prompt } from "../../../../src/server/core/prompt.ts";
import { createQuestions, type Question } from "../../../../src/server/core/questions.ts";
import { testedModel } from "../../../support/tested-model.ts";
import { createFakeLedger, type ChargeFate, type FakeLedger } from "./fake-ledger.ts";

const TIMEOUT = 120_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** Waits until all promises that can settle have settled. */
const quiet = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A provider that the test controls. */
function createPuppet() {
  let finish!: (text: string) => void;
  let fail!: (error: Error) => void;
  let say: ((pieces: string[]) => void) | undefined;
  let think: ((text: string) => void) | undefined;
  const seen: Parameters<Provider["answer"]>[0][] = [];
  const provider: Provider = {
    model: "puppet",
    answer: (request) => {
      seen.push(request);
      say = request.onDelta;
      think = request.onReasoning;
      return new Promise((resolve, reject) => {
        finish = resolve;
        fail = reject;
      });
    },
    close: async () => {},
  };
  return {
    provider,
    seen,
    delta: () => say?.(["word "]),
    reasoning: () => think?.("hm "),
    finish: (text = "word word ") => finish?.(text),
    fail: () => fail?.(new ApiError("upstream_error", "The AI failed.")),
  };
}

function setUp(ledger: FakeLedger) {
  const puppet = createPuppet();
  const questions = createQuestions({
    ledger,
    models: [testedModel({ provider: puppet.provider, contextChars: 1000 })],
    answers: createAnswers(Date.now, endlessRoom),
    timeout: TIMEOUT,
    limit: () => undefined,
    maxInFlight: 64,
    maxQuestions: 1000,
    now: Date.now,
  });
  const ask = ({ message = "hello", history = [], ...wishes }: Partial<Question & Prompt> = {}) =>
    questions.ask({
      account: "jane",
      prompt: { message, history },
      stop: new AbortController(),
      ...wishes,
    });
  return { puppet, questions, ask };
}

const codeOf = (error: unknown) =>
  error instanceof ClientGone ? "left" : error instanceof ApiError ? error.code : "bug";

const happenings = [
  "delta",
  "reasoning",
  "finish",
  "fail",
  "leave",
  "socket dies",
  "deadline",
  "drain",
] as const;
type Happening = (typeof happenings)[number];

/** docs/http-api.md#charging, read from the table and from nothing else. */
function expected(story: Happening[], streamed: boolean, fate: ChargeFate) {
  let reached = false;
  let socket = true;
  const charged = fate === "charged";
  const failure = fate === "refused" ? "store_unavailable" : "upstream_timeout";
  for (const happening of story) {
    if (happening === "finish") return { paid: charged, ends: charged ? "answered" : failure };
    if (happening === "fail") return { paid: false, ends: "upstream_error" };
    if (happening === "deadline") return { paid: false, ends: "upstream_timeout" };
    if (happening === "drain") return { paid: false, ends: "shutting_down" };
    if (happening === "socket dies") socket = false;
    const left = happening === "leave" || (happening === "delta" && streamed && !socket);
    if (left && !reached) return { paid: false, ends: "left" };
    if (left) return { paid: charged, ends: charged ? "left" : failure };
    if (happening === "delta" && streamed) reached = true;
  }
  return { paid: false, ends: "upstream_error" };
}

describe("a question", () => {
  test.each(["deadline", "fail"] as const)(
    "is charged at a %s while its client has not read what it got, and only then",
    async (happening) => {
      for (const isBehind of [true, false]) {
        const ledger = createFakeLedger("charged");
        const { puppet, ask } = setUp(ledger);
        const asking = ask({
          onDelta: () => true,
          untilRead: () => (isBehind ? new Promise(() => {}) : undefined),
        }).then(() => "answered", codeOf);
        await vi.advanceTimersByTimeAsync(0);
        puppet.delta();
        if (happening === "fail") puppet.fail();
        else await vi.advanceTimersByTimeAsync(TIMEOUT);
        const failure = happening === "fail" ? "upstream_error" : "upstream_timeout";
        expect(await asking).toBe(isBehind ? "left" : failure);
        expect(ledger.settlements).toEqual([isBehind ? "charged" : "released"]);
      }
    },
  );

  test("is not charged at its deadline if its client has read only reasoning", async () => {
    const ledger = createFakeLedger("charged");
    const { puppet, ask } = setUp(ledger);
    const asking = ask({
      onDelta: () => true,
      onReasoning: () => {},
      untilRead: () => new Promise(() => {}),
    });
    const ended = asking.then(() => "answered", codeOf);
    await vi.advanceTimersByTimeAsync(0);
    puppet.reasoning();
    await vi.advanceTimersByTimeAsync(TIMEOUT);
    expect([await ended, ledger.settlements]).toEqual(["left", ["released"]]);
  });

  test("charges nothing if its client leaves between the end of the answer and the charge", async () => {
    const ledger = createFakeLedger("charged");
    const { puppet, ask } = setUp(ledger);
    const stop = new AbortController();
    const asking = ask({ stop }).then(() => "answered", codeOf);
    await quiet();
    puppet.finish();
    // After the promise of the answer has resolved, and before anybody who awaits it has gone on.
    await Promise.resolve();
    stop.abort(new ClientGone());
    expect(await asking).toBe("left");
    expect(ledger.settlements).toEqual(["released"]);
  });

  test("settles its hold exactly once, as the charging table says, for all events in any order", async () => {
    const stories = fc.array(fc.constantFrom(...happenings), { maxLength: 6 });
    const fates = fc.constantFrom<ChargeFate>("charged", "charged", "refused", "expired");
    await fc.assert(
      fc.asyncProperty(stories, fc.boolean(), fc.boolean(), fates, async (story, streamed, keyed, fate) => {
        const ledger = createFakeLedger(fate);
        const { puppet, questions, ask } = setUp(ledger);
        const client = new AbortController();
        let socket = true;
        const asking = ask({
          stop: client,
          ...(keyed && { key: "k" }),
          ...(streamed && { onDelta: () => socket, onReasoning: () => {} }),
        }).then(() => "answered", codeOf);
        await quiet();

        const play: Record<Happening, () => unknown> = {
          delta: () => puppet.delta(),
          reasoning: () => puppet.reasoning(),
          finish: () => puppet.finish(),
          fail: () => puppet.fail(),
          leave: () => client.abort(new ClientGone()),
          "socket dies": () => (socket = false),
          deadline: () => vi.advanceTimersByTime(TIMEOUT),
          drain: () => {
            void questions.drain(0);
            vi.advanceTimersByTime(0);
          },
        };
        for (const happening of [...story, "fail" as const]) {
          play[happening]();
          await quiet();
        }

        const { paid, ends } = expected(story, streamed, fate);
        expect(await asking).toBe(ends);
        expect(ledger.settlements).toEqual([paid ? "charged" : "released"]);
        expect(ledger.open.size).toBe(0);
        expect(ledger.tokens).toBe(paid ? 3900 : 4000);
      }),
      { numRuns: 400 },
    );
  });

  test("aborts the upstream call the moment its client leaves", async () => {
    const { puppet, ask } = setUp(createFakeLedger());
    const client = new AbortController();
    const asking = ask({ stop: client });
    await quiet();
    client.abort(new ClientGone());
    expect(puppet.seen[0]!.signal.aborted).toBe(true);
    await expect(asking).rejects.toBeInstanceOf(ClientGone);
  });

  test("costs nothing when its client leaves between the answer and the charge", async () => {
    const ledger = createFakeLedger();
    const { puppet, ask } = setUp(ledger);
    const client = new AbortController();
    const asking = ask({ stop: client });
    await quiet();
    puppet.finish();
    client.abort(new ClientGone());
    await expect(asking).rejects.toBeInstanceOf(ClientGone);
    expect(ledger.settlements).toEqual(["released"]);
  });

  test("is not sent upstream when its client left while the hold was made", async () => {
    const ledger = createFakeLedger();
    const { puppet, ask } = setUp(ledger);
    const client = new AbortController();
    const asking = ask({ stop: client });
    client.abort(new ClientGone());
    await expect(asking).rejects.toBeInstanceOf(ClientGone);
    expect(puppet.seen).toHaveLength(0);
    expect(ledger.settlements).toEqual(["released"]);
  });

  test("holds its tokens for 10 s beyond its deadline, so that a charge at the last moment finds them", async () => {
    const ledger = createFakeLedger();
    const { puppet, ask } = setUp(ledger);
    const earliest = Date.now() + TIMEOUT + 10_000;
    const asking = ask();
    await quiet();
    puppet.finish();
    await asking;
    expect(ledger.requests[0]?.expires).toBeGreaterThanOrEqual(earliest);
    expect(ledger.requests[0]?.expires).toBeLessThanOrEqual(Date.now() + TIMEOUT + 10_000);
  });

  test("reports the first failure when the release fails, too", async () => {
    const { puppet, ask } = setUp(createFakeLedger("charged", true));
    const asking = ask();
    await quiet();
    puppet.fail();
    await expect(asking).rejects.toMatchObject({ code: "upstream_error" });
  });

  test("reports its charge when its client left after the first delta", async () => {
    const { puppet, ask } = setUp(createFakeLedger());
    const client = new AbortController();
    const asking = ask({ stop: client, onDelta: () => true });
    await quiet();
    puppet.delta();
    client.abort(new ClientGone());
    await expect(asking).rejects.toMatchObject({ bill: { charged: 100, tokens: 3900 } });
  });

  test("reports no charge when its client left in the middle of the free second answer", async () => {
    const ledger = createFakeLedger();
    ledger.outcomes.push({ kind: "paid", cost: 100, model: undefined });
    const { puppet, ask } = setUp(ledger);
    const client = new AbortController();
    const asking = ask({ key: "k", stop: client, onDelta: () => true });
    await quiet();
    puppet.delta();
    client.abort(new ClientGone());
    await expect(asking).rejects.toMatchObject({ bill: { charged: 0, tokens: 4000 } });
  });
});

describe("a key that was charged", () => {
  test("gets the kept answer again without a charge, and is released", async () => {
    const ledger = createFakeLedger();
    const { puppet, ask } = setUp(ledger);
    const first = ask({ key: "k" });
    await quiet();
    puppet.finish("the answer");
    await first;
    ledger.outcomes.push({ kind: "paid", cost: 100, model: undefined });
    expect(await ask({ key: "k" })).toEqual({
      response: "the answer",
      model: "small",
      finish: null,
      turns: 0,
      deducted: 100,
      balance: { tokens: 3900, held: 0 },
      replayed: true,
      isKept: true,
    });
    expect(puppet.seen).toHaveLength(1);
    expect(ledger.open.size).toBe(0);
  });

  test("is asked again without a charge if the answer is gone, and says so with the first delta", async () => {
    const ledger = createFakeLedger();
    ledger.outcomes.push({ kind: "paid", cost: 100, model: undefined });
    const { puppet, ask } = setUp(ledger);
    const pieces: (string | boolean)[][] = [];
    const asking = ask({
      key: "k",
      onDelta: (some, { replayed }) => pieces.push([joined(some), replayed]) > 0,
    });
    await quiet();
    puppet.delta();
    puppet.finish("word ");
    expect(await asking).toMatchObject({ response: "word ", replayed: true, balance: { tokens: 4000 } });
    expect(pieces).toEqual([["word ", true]]);
    expect(ledger.settlements).toEqual(["charged"]);
  });

  test("can be asked again when a second answer failed", async () => {
    const ledger = createFakeLedger();
    ledger.outcomes.push({ kind: "paid", cost: 100, model: undefined });
    const { puppet, ask } = setUp(ledger);
    const asking = ask({ key: "k" });
    await quiet();
    puppet.fail();
    await expect(asking).rejects.toMatchObject({ code: "upstream_error" });
    expect(ledger.settlements).toEqual(["released"]);
  });

  test("has no kept answer if the store refused the charge", async () => {
    const ledger = createFakeLedger("refused");
    const { puppet, ask } = setUp(ledger);
    const first = ask({ key: "k" });
    await quiet();
    puppet.finish("never paid");
    await expect(first).rejects.toMatchObject({ code: "store_unavailable" });
    ledger.outcomes.push({ kind: "answer_expired", cost: 100, model: undefined });
    await expect(ask({ key: "k" })).rejects.toMatchObject({ code: "answer_expired" });
  });

  test("is what the digest is for: a question without one has none", async () => {
    const ledger = createFakeLedger();
    const { puppet, ask } = setUp(ledger);
    const asking = ask({});
    await quiet();
    puppet.finish();
    await asking;
    expect(ledger.requests).toMatchObject([{ digest: "" }]);
    expect(ledger.requests[0]?.key).toBeUndefined();
  });

  test("has another digest for another message or history", async () => {
    const ledger = createFakeLedger();
    const { puppet, ask } = setUp(ledger);
    const variants: Partial<Question & Prompt>[] = [
      {},
      {},
      { message: "hello!" },
      { history: [{ role: "user", content: "before" }] },
    ];
    for (const variant of variants) {
      const asking = ask({ key: "k", ...variant });
      await quiet();
      puppet.finish();
      await asking;
    }
    const digests = ledger.requests.map(({ digest }) => digest);
    expect(digests[0]).toBe(digests[1]);
    expect(new Set(digests).size).toBe(3);
    expect(new Set(ledger.requests.map(({ key }) => key)).size).toBe(1);
    expect(JSON.stringify(ledger.requests)).not.toContain("hello");
  });
});

describe("draining", () => {
  test("refuses new questions, and ends when those in flight are settled", async () => {
    const ledger = createFakeLedger();
    const { puppet, questions, ask } = setUp(ledger);
    const asking = ask();
    await quiet();
    let drained = false;
    const draining = questions.drain(30_000).then(() => (drained = true));
    await expect(ask()).rejects.toMatchObject({ code: "shutting_down" });
    expect(drained).toBe(false);
    puppet.finish();
    await draining;
    expect(await asking).toMatchObject({ response: "word word " });
    expect(ledger.settlements).toEqual(["charged"]);
    expect(questions.answered).toBe(1);
  });

  test("tells how many questions it has aborted, without those that the client left", async () => {
    const { questions, ask } = setUp(createFakeLedger());
    const client = new AbortController();
    const asking = [ask(), ask(), ask({ stop: client })];
    await quiet();
    client.abort(new ClientGone());
    const draining = questions.drain(0);
    vi.advanceTimersByTime(0);
    expect(await draining).toBe(2);
    await Promise.allSettled(asking);
    expect(questions.answered).toBe(0);
  });
});
