import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClientError } from "../../../src/client/failure.ts";
import { answer, connectionTo, createFakeClient } from "./fake-client.ts";
import { openSession } from "./open-session.ts";

/** A session whose answers end when the test says so. */
function open({ unsent = [] as string[] } = {}) {
  const client = createFakeClient();
  const opened = openSession({
    connection: connectionTo(client, "jane", { name: client.server }),
    connectTo: async () => connectionTo(createFakeClient(), "jane", { name: "https://other.example.org" }),
    unsent,
  });
  const { session } = opened;
  const ends: (() => void)[] = [];
  const slow = (...steps: Parameters<typeof client.script.push>[0]) => {
    client.script.push([new Promise<void>((resolve) => ends.push(resolve)), ...steps]);
  };
  const { questions } = session.state.queue;
  expect(questions).toEqual(unsent);
  return {
    ...opened,
    client,
    slow,
    /** Lets the oldest answer end. */
    end: () => ends.shift()?.(),
    asked: () => client.questions.map(({ message }) => message),
    queue: () => session.state.queue,
  };
}

describe("a question that is sent during an answer", () => {
  it("waits in the queue, and goes out when everything of the answer before has ended", async () => {
    const { client, session, said, slow, end, asked, queue } = open();
    slow(...answer("first"));
    slow(...answer("second"));
    expect(session.ask("one")).toBe(true);
    expect(session.ask("two")).toBe(true);
    expect(session.ask("three")).toBe(true);
    await turns();
    expect(asked()).toEqual(["one"]);
    expect(queue()).toEqual({ questions: ["two", "three"], isStopped: false });
    end();
    end();
    await session.idle();
    expect(asked()).toEqual(["one", "two", "three"]);
    expect(queue()).toEqual({ questions: [], isStopped: false });
    expect(client.questions[2]?.history.map(({ content }) => content)).toEqual([
      "one",
      "first",
      "two",
      "second",
    ]);
    expect(new Set(client.questions.map(({ key }) => key)).size).toBe(3);
    // Question, answer, its end, its price.
    expect(said.map(({ type }) => type === "question")).toEqual(
      Array.from({ length: 3 }, () => [true, false, false, false]).flat(),
    );
  });

  it("is refused at once if it is too long", async () => {
    const { session, slow, end, queue } = open();
    await session.start();
    slow(...answer("first"));
    session.ask("one");
    expect(session.ask("x".repeat(32_001))).toBe(false);
    expect(queue().questions).toEqual([]);
    end();
    await session.idle();
  });

  it("can be taken back into the composer, the last one first", async () => {
    const { session, slow, end, asked, queue, given } = open();
    slow(...answer("first"));
    session.ask("one");
    session.ask("two");
    session.ask("three");
    session.takeBack();
    expect(queue().questions).toEqual(["two"]);
    session.takeBack();
    session.takeBack();
    expect(given()).toEqual(["three", "two"]);
    end();
    await session.idle();
    expect(asked()).toEqual(["one"]);
  });

  it("stays when the answer is stopped, until the user sends it", async () => {
    const { session, slow, asked, queue } = open();
    await session.start();
    slow(...answer("first"));
    session.ask("one");
    session.ask("two");
    session.ask("three");
    await turns();
    session.stop();
    await session.idle();
    expect(asked()).toEqual(["one"]);
    expect(queue()).toEqual({ questions: ["two", "three"], isStopped: true });
    session.ask("another");
    await session.idle();
    expect(asked()).toEqual(["one", "another"]);
    expect(queue().isStopped).toBe(true);
    session.sendQueue();
    await session.idle();
    expect(asked()).toEqual(["one", "another", "two", "three"]);
    expect(queue()).toEqual({ questions: [], isStopped: false });
  });

  it.each([
    ["no tokens", new ClientError("insufficient_tokens", "None left.", { status: 402 })],
    ["no login", new ClientError("invalid_token", "It is over.", { status: 401 })],
    ["a failure", new ClientError("upstream_error", "It failed.", { status: 502 })],
    ["a loss", new ClientError("timeout", "It fell silent.", { charged: "maybe" })],
  ])("stays after %s", async (_, error) => {
    const { session, slow, end, asked, queue } = open();
    slow(error);
    session.ask("one");
    session.ask("two");
    end();
    await session.idle();
    expect(asked()).toEqual(["one"]);
    expect(queue()).toEqual({ questions: ["two"], isStopped: true });
  });

  it("is not sent with the question that waited for a login", async () => {
    const { session, slow, end, asked, queue } = open();
    slow(new ClientError("invalid_token", "It is over.", { status: 401 }));
    session.ask("one");
    session.ask("two");
    end();
    await session.idle();
    session.form({ type: "insert", text: "correct horse" });
    session.form({ type: "enter" });
    await session.idle();
    expect(asked()).toEqual(["one", "one"]);
    expect(queue()).toEqual({ questions: ["two"], isStopped: true });
  });

  it("stays after an answer that cost more than was shown", async () => {
    const { session, slow, end, asked, queue } = open();
    await session.start();
    slow(
      { type: "delta", text: "dear" },
      { type: "done", response: "dear", tokensDeducted: 500, tokens: -1 },
    );
    session.ask("one");
    session.ask("two");
    end();
    await session.idle();
    expect(asked()).toEqual(["one"]);
    expect(queue()).toEqual({ questions: ["two"], isStopped: true });
  });

  it("of an earlier session waits for the user, also in a new conversation and at another server", async () => {
    const { session, asked, queue } = open({ unsent: ["one", "two"] });
    await session.start();
    expect(queue()).toEqual({ questions: ["one", "two"], isStopped: true });
    session.clear();
    await session.moveTo("other.example.org");
    await session.idle();
    expect(queue()).toEqual({ questions: ["one", "two"], isStopped: true });
    expect(asked()).toEqual([]);
  });

  it("does not replace the last question if that is being edited", async () => {
    const { client, session } = open({ unsent: ["two"] });
    session.ask("one");
    await session.idle();
    session.edit();
    session.sendQueue();
    await session.idle();
    expect(client.questions[1]?.history).toHaveLength(2);
  });
});

describe("whatever happens", () => {
  type Step = "ask" | "end" | "fail" | "poor" | "takeBack" | "stop" | "clear" | "send" | "retry" | "turn";
  const steps: Step[] = [
    "ask",
    "ask",
    "end",
    "end",
    "fail",
    "poor",
    "takeBack",
    "stop",
    "clear",
    "send",
    "retry",
    "turn",
  ];

  it("a question is asked once, taken back, or still in the queue, and none is sent after a stop", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...steps), { maxLength: 40 }), async (run) => {
        const { client, session, asked, queue, given } = open();
        let go: () => void = () => {};
        const ask = client.ask.bind(client);
        let fails: ClientError | undefined;
        client.ask = async function* (question) {
          // Stopped before it went out, as a real client takes it.
          if (question.signal?.aborted === true) throw new ClientError("interrupted", "Interrupted.");
          const gate = new Promise<void>((resolve) => (go = resolve));
          client.script = [[gate]];
          // The gate may open with a failure.
          yield* ask(question);
          if (fails !== undefined) throw fails;
          yield* answer(`to ${question.message}`);
        };
        const sent: string[] = [];
        let retries = 0;
        /** Sent although the answer before was stopped or failed. */
        let tooMany = 0;
        for (const step of run) {
          fails = undefined;
          if (step === "ask") {
            const text = `question ${sent.length}`;
            if (session.ask(text)) sent.push(text);
          } else if (step === "end") go();
          else if (step === "fail" || step === "poor") {
            fails =
              step === "fail"
                ? new ClientError("upstream_error", "It failed.", { status: 502 })
                : new ClientError("insufficient_tokens", "None left.", { status: 402 });
            const { length } = asked();
            go();
            await turns();
            if (session.state.last?.outcome === "failed") tooMany += asked().length - length;
          } else if (step === "takeBack") session.takeBack();
          else if (step === "stop") {
            session.stop();
            const { length } = asked();
            await turns();
            tooMany += asked().length - length;
          } else if (step === "clear") session.clear();
          else if (step === "send") session.sendQueue();
          else if (step === "retry") {
            if (session.state.phase.kind === "idle" && session.state.last !== undefined) retries += 1;
            session.retry();
          } else await turns();
        }
        session.stop();
        await session.idle();
        expect(tooMany).toBe(0);
        const back = new Set(given().filter((text) => !asked().includes(text)));
        // Each text is another one, so that a second request of it could only be a retry.
        expect([...new Set(asked()), ...back, ...queue().questions].sort()).toEqual(sent.sort());
        expect(asked().length - new Set(asked()).size).toBeLessThanOrEqual(retries);
      }),
      { numRuns: 300 },
    );
  });
});

/** Until nothing but the gates is waited for. */
async function turns(): Promise<void> {
  for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
