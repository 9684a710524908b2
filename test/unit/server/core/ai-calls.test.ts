import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AiCall } from "../../../../src/server/core/ai-calls.ts";
import { createAnswers } from "../../../../src/server/core/answers.ts";
import { ApiError } from "../../../../src/server/core/api-error.ts";
import { ClientGone } from "../../../../src/server/core/client-gone.ts";
import type { Provider } from "../../../../src/server/core/provider.ts";
import { createQuestions, type Question } from "../../../../src/server/core/questions.ts";
import { testedModel } from "../../../support/tested-model.ts";
import { endlessRoom } from "./endless-room.ts";
import { createFakeLedger } from "./fake-ledger.ts";

const TIMEOUT = 60_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

type Act = (request: Parameters<Provider["answer"]>[0]) => Promise<string>;

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const provider = (answer: Act): Provider => ({ model: "m", answer, close: async () => {} });

const answers: Act = async ({ onDelta }) => {
  await later(200);
  onDelta?.("first");
  await later(300);
  onDelta?.("second");
  return "firstsecond";
};
const hangs: Act = () => new Promise(() => {});
const failsWith =
  (error: Error): Act =>
  async () => {
    await later(100);
    throw error;
  };
const failed = new ApiError("upstream_error", "The AI failed.", { ai: "server" });

/** Asks `first`, which has a fallback if `second` is given, and returns the calls that were told. */
async function callsOf(
  first: Act,
  {
    second,
    wishes = {},
    meanwhile,
  }: { second?: Act; wishes?: Partial<Question>; meanwhile?: Meanwhile } = {},
): Promise<AiCall[]> {
  const calls: AiCall[] = [];
  const stop = new AbortController();
  const questions = createQuestions({
    ledger: createFakeLedger("charged"),
    models: [
      { ...testedModel({ provider: provider(first) }), name: "first", fallback: second && "second" },
      { ...testedModel({ provider: provider(second ?? hangs) }), name: "second" },
    ],
    answers: createAnswers(Date.now, endlessRoom),
    timeout: TIMEOUT,
    limit: () => undefined,
    maxInFlight: 64,
    maxQuestions: 1000,
    now: Date.now,
    onAiCall: (call) => void calls.push(call),
  });
  const asked = questions
    .ask({ account: "jane", prompt: { message: "hello", history: [] }, stop, ...wishes })
    .catch(() => {});
  await vi.advanceTimersByTimeAsync(0);
  void meanwhile?.({ stop, questions });
  await vi.advanceTimersByTimeAsync(TIMEOUT);
  await asked;
  return calls;
}

type Meanwhile = (at: { stop: AbortController; questions: ReturnType<typeof createQuestions> }) => unknown;

test("a whole answer is told with its times", async () => {
  expect(await callsOf(answers)).toEqual([{ model: "first", ms: 500 }]);
  expect(await callsOf(answers, { wishes: { onDelta: () => true } })).toEqual([
    { model: "first", ms: 500, firstText: 200 },
  ]);
});

test("a failure is told with its kind, and so is the call of the fallback", async () => {
  expect(await callsOf(failsWith(failed), { second: answers })).toEqual([
    { model: "first", ms: 100, failure: "server" },
    { model: "second", ms: 500 },
  ]);
});

test("the deadline of a question counts as a timeout", async () => {
  expect(await callsOf(hangs)).toEqual([{ model: "first", ms: TIMEOUT, failure: "timeout" }]);
});

const unread = { onDelta: () => true, untilRead: () => new Promise<void>(() => {}) };

test.each<[string, Parameters<typeof callsOf>]>([
  ["the client leaves", [hangs, { meanwhile: ({ stop }) => stop.abort(new ClientGone()) }]],
  ["the server stops", [hangs, { meanwhile: ({ questions }) => questions.drain(10) }]],
  ["the connection breaks while the client does not read", [failsWith(failed), { wishes: unread }]],
  ["the deadline comes while the client does not read", [hangs, { wishes: unread }]],
  ["the provider has a bug", [failsWith(new TypeError("a bug"))]],
])("nothing is told of a call if %s", async (_name, asked) => {
  expect(await callsOf(...asked)).toEqual([]);
});
