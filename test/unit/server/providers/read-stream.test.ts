import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createStreamReader } from "../../../../src/server/providers/read-stream.ts";
import { createSilenceTimer } from "../../../../src/server/providers/silence-timer.ts";
import { chunk } from "../../../support/openai-server.ts";

const DONE = "data: [DONE]\n\n";
const USAGE = `data: ${JSON.stringify({ choices: [], usage: { total_tokens: 3 } })}\n\n`;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** A stream that is being read, whose upstream is the test. */
function openStream() {
  const pieces: string[] = [];
  let settle: { whole: (text: string) => void; fail: (error: unknown) => void };
  const answer = new Promise<string>((whole, fail) => (settle = { whole, fail }));
  answer.catch(() => {});
  const read = (step: () => boolean | void) => {
    try {
      if (step() !== false) settle.whole(pieces.join(""));
    } catch (error) {
      settle.fail(error);
    }
  };
  const hangUp = vi.fn<() => void>(() => read(() => true));
  const timer = createSilenceTimer(hangUp);
  const reader = createStreamReader({
    onTexts: (texts) => void pieces.push(...[texts].flat()),
    onReasoning: () => {},
    onReason: () => {},
    wait: timer.restart,
  });
  return {
    hangUp,
    answer,
    send: (piece: string) => read(() => reader.push(Buffer.from(piece))),
    end: () => read(() => reader.end()),
    breakOff: () => read(() => reader.broke(new Error("other side closed"))),
  };
}

/** Lets time pass, and whatever is due happen. */
async function pass(milliseconds: number): Promise<void> {
  vi.advanceTimersByTime(milliseconds);
  await turn();
}

describe("after its first finish_reason a stream", () => {
  test("is whole when no text has come for 3 s, and is closed", async () => {
    const { send, hangUp, answer } = openStream();
    send(chunk({ content: "a" }, "stop"));
    await pass(2999);
    expect(hangUp).not.toHaveBeenCalled();
    await pass(1);
    expect(await answer).toBe("a");
    expect(hangUp).toHaveBeenCalledOnce();
  });

  test("does not wait longer for anything but text", async () => {
    const cases: [string, string][] = [
      ["comments", ": ping\n\n"],
      ["empty events", "event: ping\n\nevent: ping\ndata:\n\ndata: \n\n"],
      ["chunks without text", chunk({ content: "" }) + chunk({ role: "assistant" }, "stop") + USAGE],
      ["the text of another choice", chunk({ content: "b" }, null, 1)],
    ];
    for (const [what, piece] of cases) {
      const { send, hangUp, answer } = openStream();
      send(chunk({ content: "a" }));
      send(chunk({}, "stop"));
      await pass(2000);
      send(piece);
      await pass(999);
      expect(hangUp, what).not.toHaveBeenCalled();
      await pass(1);
      expect(await answer, what).toBe("a");
    }
  });

  test("waits 30 s for more once text has followed, from the last text on", async () => {
    const { send, hangUp, answer } = openStream();
    send(chunk({ content: "a" }, "stop"));
    await pass(2999);
    send(chunk({ content: "b" }, "stop"));
    await pass(29_999);
    send(chunk({ content: "c" }));
    await pass(20_000);
    send(`: ping\n\n${chunk({}, "stop")}`);
    await pass(9999);
    expect(hangUp).not.toHaveBeenCalled();
    await pass(1);
    expect(await answer).toBe("abc");
  });

  test("reads waiting data before it ends, after a pause of the process", async () => {
    const { send, end, hangUp, answer } = openStream();
    send(chunk({ content: "a" }, "stop"));
    vi.advanceTimersByTime(60_000);
    send(chunk({ content: "b" }, "stop"));
    await turn();
    expect(hangUp).not.toHaveBeenCalled();
    end();
    expect(await answer).toBe("ab");
  });

  test("is whole at its end and at [DONE], whether or not text has followed", async () => {
    const cases: [string, string[], string][] = [
      ["text has followed", [chunk({ content: "a" }, "stop"), chunk({ content: "b" }, "stop")], "ab"],
      ["none has", [chunk({ content: "a" }, "stop")], "a"],
    ];
    for (const [when, pieces, whole] of cases) {
      const ended = openStream();
      for (const piece of pieces) ended.send(piece);
      ended.end();
      expect(await ended.answer, when).toBe(whole);
      const done = openStream();
      for (const piece of pieces) done.send(piece);
      done.send(DONE);
      expect(await done.answer, when).toBe(whole);
      expect(done.hangUp, when).not.toHaveBeenCalled();
    }
  });

  test("is whole when its connection breaks, but not once text has followed", async () => {
    const finished = openStream();
    finished.send(chunk({ content: "a" }, "stop"));
    finished.breakOff();
    expect(await finished.answer).toBe("a");
    const continued = openStream();
    continued.send(chunk({ content: "a" }, "stop"));
    continued.send(chunk({ content: "b" }, "stop"));
    continued.breakOff();
    await expect(continued.answer).rejects.toThrow("other side closed");
  });

  test("fails with an error or broken JSON", async () => {
    const cases: [string, string, string][] = [
      ["an error event", 'event: error\ndata: {"message":"overloaded"}\n\n', "Error"],
      ["an error", 'data: {"error":{"message":"overloaded"}}\n\n', "Error"],
      ["the finish_reason error", chunk({}, "error"), "NotWhole"],
      ["broken JSON", "data: {\n\n", "SyntaxError"],
    ];
    for (const [what, piece, name] of cases) {
      const { send, answer } = openStream();
      send(chunk({ content: "a" }, "stop"));
      send(piece + DONE);
      await expect(answer, what).rejects.toMatchObject({ name });
    }
  });
});

test("without a finish_reason a stream waits without limit, and is whole only at [DONE]", async () => {
  const done = openStream();
  done.send(chunk({ content: "a" }));
  await pass(100_000);
  expect(done.hangUp).not.toHaveBeenCalled();
  done.send(DONE);
  expect(await done.answer).toBe("a");

  const ended = openStream();
  ended.send(chunk({ content: "a" }));
  ended.end();
  await expect(ended.answer).rejects.toMatchObject({ name: "NotWhole" });
});

test("nothing after [DONE] is read", async () => {
  const { send, answer } = openStream();
  send(chunk({ content: "a" }) + DONE + chunk({ content: "b" }) + 'data: {"error":{}}\n\n');
  expect(await answer).toBe("a");
});
