import { setImmediate as turn } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Pieces } from "../../../../src/server/core/pieces.ts";
import { exchange } from "../../../../src/server/providers/exchange.ts";
import type { Upstream } from "../../../../src/server/providers/upstream.ts";
import { chunk } from "../../../support/openai-server.ts";

/** How long an upstream may be silent, on a fake clock. What comes over real sockets is in test/http/providers. */

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** A question whose reply is up to the test. */
function ask(onDelta?: (pieces: Pieces) => void) {
  let handler!: Dispatcher.DispatchHandler;
  const abort = vi.fn<() => void>();
  const controller = { abort } as unknown as Dispatcher.DispatchController;
  const upstream = {
    startsOnUsed: () => false,
    post: (_body: string, given: Dispatcher.DispatchHandler) => {
      handler = given;
      handler.onRequestStart?.(controller, {});
    },
  } as unknown as Upstream;
  const { signal } = new AbortController();
  const asked = exchange(
    upstream,
    "{}",
    { messages: [], signal, ...(onDelta && { onDelta }) },
    {
      idle: 60_000,
      patience: undefined,
    },
  ).then(
    (answer) => ({ answer }),
    (error: { cause: Error }) => ({ failure: error.cause.message }),
  );
  return {
    asked,
    abort,
    begin: (status = 200) => handler.onResponseStart?.(controller, status, {}, "OK"),
    send: (text: string) => handler.onResponseData?.(controller, Buffer.from(text)),
    end: () => handler.onResponseEnd?.(controller, {}),
  };
}

async function pass(seconds: number): Promise<void> {
  vi.advanceTimersByTime(seconds * 1000);
  await turn();
}

const silent = { failure: "nothing of the upstream's reply came for 60 s" };

test.each([
  ["an answer, from its head on", 200, ""],
  ["a streamed answer", 200, chunk({ content: "a" })],
  ["a plain answer", 200, '{"choices":['],
  ["a refusal", 400, '{"error":'],
])("an upstream may be silent for 60 s within %s, and no longer", async (_what, status, text) => {
  const { asked, abort, begin, send } = ask();
  await pass(3600);
  begin(status);
  if (text !== "") send(text);
  await pass(59.999);
  expect(abort).not.toHaveBeenCalled();
  await pass(0.001);
  expect(await asked).toEqual(silent);
  expect(abort).toHaveBeenCalledOnce();
});

test.each([
  ["text", chunk({ content: "a" })],
  ["reasoning", chunk({ reasoning: "a" })],
  ["a heartbeat", ": ping\n\n"],
])("%s ends a silence", async (_what, piece) => {
  const { asked, begin, send } = ask();
  begin();
  for (let minutes = 0; minutes < 5; minutes += 1) {
    send(piece);
    await pass(59);
  }
  send(chunk({ content: "b" }, "stop"));
  send("data: [DONE]\n\n");
  expect(await asked).toHaveProperty("answer", expect.stringMatching(/^a*b$/));
});

test("after a finish_reason silence means that the answer is whole, heartbeats or not", async () => {
  const { asked, begin, send } = ask();
  begin();
  send(chunk({ content: "a" }));
  send(chunk({}, "stop"));
  await pass(2);
  send(": ping\n\n");
  await pass(1);
  expect(await asked).toEqual({ answer: "a" });
});

test("a plain answer that came is not timed out", async () => {
  const { asked, begin, send, end } = ask();
  begin();
  send(JSON.stringify({ choices: [{ message: { content: "a" }, finish_reason: "stop" }] }));
  end();
  await pass(3600);
  expect(await asked).toEqual({ answer: "a" });
});

test("data that arrived during a pause of the process counts before the timeout", async () => {
  const { asked, begin, send } = ask();
  begin();
  send(chunk({ content: "a" }));
  vi.advanceTimersByTime(60_000);
  send(chunk({ content: "b" }));
  await pass(59);
  send(chunk({}, "stop"));
  send("data: [DONE]\n\n");
  expect(await asked).toEqual({ answer: "ab" });
});
