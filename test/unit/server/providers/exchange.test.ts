import { setImmediate as turn } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { Dispatcher } from "undici";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Pieces } from "../../../../src/server/core/pieces.ts";
import { exchange } from "../../../../src/server/providers/exchange.ts";
import { receiveAnswer } from "../../../../src/server/providers/receive-answer.ts";
import type { Upstream } from "../../../../src/server/providers/upstream.ts";
import { chunk } from "../../../support/openai-server.ts";

/** How long an upstream may be silent, on a fake clock. What comes over real sockets is in test/http/providers. */

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** A question whose reply is up to the test. */
function ask(
  onDelta?: (pieces: Pieces) => void,
  { untilRead, encoding }: { untilRead?: () => Promise<void> | undefined; encoding?: string } = {},
) {
  let handler!: Dispatcher.DispatchHandler;
  const abort = vi.fn<() => void>();
  const pause = vi.fn<() => void>();
  const resume = vi.fn<() => void>();
  const controller = { abort, pause, resume } as unknown as Dispatcher.DispatchController;
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
    { signal, ...(untilRead && { untilRead }) },
    {
      idle: 60_000,
      patience: undefined,
    },
    receiveAnswer({ onDelta }),
  ).then(
    (answer) => ({ answer }),
    (error: { cause: Error }) => ({ failure: error.cause.message }),
  );
  return {
    asked,
    abort,
    pause,
    resume,
    begin: (status = 200) =>
      handler.onResponseStart?.(controller, status, encoding ? { "content-encoding": encoding } : {}, "OK"),
    send: (text: string | Buffer) => handler.onResponseData?.(controller, Buffer.from(text)),
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

describe("while the client does not read", () => {
  /** A client that has not read what it got after `most` texts. */
  function createReader(most: number) {
    const texts: string[] = [];
    let read!: () => void;
    const waiting = new Promise<void>((resolve) => (read = resolve));
    let isBehind = true;
    return {
      texts,
      onDelta: (pieces: Pieces) => void texts.push(...[pieces].flat()),
      untilRead: () => (isBehind && texts.length >= most ? waiting : undefined),
      async read() {
        isBehind = false;
        read();
        await turn();
      },
    };
  }

  test("no more is read from the AI, and its silence does not count", async () => {
    const reader = createReader(1);
    const { asked, pause, resume, begin, send } = ask(reader.onDelta, reader);
    begin();
    send(chunk({ content: "a" }));
    expect([pause.mock.calls.length, resume.mock.calls.length]).toEqual([1, 0]);
    await pass(600);
    await reader.read();
    expect(resume.mock.calls.length).toBe(1);
    await pass(59);
    send(chunk({ content: "b" }, "stop"));
    send("data: [DONE]\n\n");
    expect(await asked).toEqual({ answer: "ab" });
    expect(pause.mock.calls.length).toBe(1);
  });

  test("the silence after a finish_reason does not make the answer whole", async () => {
    const reader = createReader(1);
    const { asked, begin, send } = ask(reader.onDelta, reader);
    begin();
    send(chunk({ content: "a" }, "stop"));
    await pass(10);
    await reader.read();
    send(chunk({ content: "b" }, "stop"));
    await pass(40);
    expect(await asked).toEqual({ answer: "ab" });
  });

  test("silence counts again once it reads", async () => {
    const reader = createReader(1);
    const { asked, begin, send } = ask(reader.onDelta, reader);
    begin();
    send(chunk({ content: "a" }));
    await reader.read();
    await pass(61);
    expect(await asked).toEqual(silent);
  });

  test("little of a packed reply is unpacked", async () => {
    const reader = createReader(1);
    const { asked, begin, send, end } = ask(reader.onDelta, { ...reader, encoding: "gzip" });
    const long = chunk({ content: "word ".repeat(1000) });
    begin();
    send(gzipSync(`${long.repeat(1000)}data: [DONE]\n\n`));
    end();
    while (reader.texts.length === 0) await turn();
    for (let turns = 0; turns < 1000; turns += 1) await turn();
    expect(reader.texts.length).toBeLessThan(50);
    await reader.read();
    expect(await asked).toEqual({ answer: "word ".repeat(1_000_000) });
  });
});
