import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { joined, type Pieces } from "../../../src/server/core/pieces.ts";
import type { Message, Provider } from "../../../src/server/core/provider.ts";
import { openOpenAiProvider } from "../../../src/server/providers/openai.ts";
import { bytes, chunk, openFakeOpenAi, silence, type FakeOpenAi } from "../../support/openai-server.ts";

/** What a model thinks, and how long its upstream may be silent. */

const messages: Message[] = [{ role: "user", content: "How much is 1 + 1?" }];
const SSE = { type: "text/event-stream" };
const DONE = "data: [DONE]\n\n";

let upstream: FakeOpenAi;
let provider: Provider;
beforeEach(async () => {
  upstream = await openFakeOpenAi();
  provider = openOpenAiProvider({ baseUrl: upstream.url, model: "m" });
});
afterEach(async () => {
  vi.useRealTimers();
  await provider.close();
  await upstream.close();
});

async function ask({ stream }: { stream: boolean }, asked = provider) {
  const heard = { deltas: "", reasoning: "" };
  const { signal } = new AbortController();
  const answer = await asked.answer({
    messages,
    signal,
    ...(stream && {
      onDelta: (pieces: Pieces) => void (heard.deltas += joined(pieces)),
      onReasoning: (text: string) => void (heard.reasoning += text),
    }),
  });
  return { answer, ...heard };
}

const answered = { answer: "It is 2.", deltas: "It is 2.", reasoning: "Hm, 1 + 1." };

/** Pieces of messages as providers write them, and their names for it. */
const dialects: [string, Record<string, unknown>[]][] = [
  ["DeepSeek", [{ reasoning_content: "Hm, " }, { reasoning_content: "1 + 1." }, { content: "It is 2." }]],
  [
    "DeepSeek, with the other field null",
    [
      { content: null, reasoning_content: "Hm, 1 + 1." },
      { content: "It is 2.", reasoning_content: null },
    ],
  ],
  ["Ollama and Groq", [{ content: "", reasoning: "Hm, 1 + 1." }, { content: "It is 2." }]],
  [
    "vLLM, with both fields",
    [{ reasoning: "Hm, 1 + 1.", reasoning_content: "Hm, 1 + 1." }, { content: "It is 2." }],
  ],
  [
    "Mistral",
    [
      { content: [{ type: "thinking", thinking: [{ type: "text", text: "Hm, 1 + 1." }] }] },
      { content: [{ type: "text", text: "It is 2." }] },
    ],
  ],
  [
    "thinking and text in one piece",
    [
      {
        content: [
          { type: "thinking", thinking: "Hm, 1 + 1." },
          { type: "text", text: "It is 2." },
        ],
      },
    ],
  ],
  ["parts with text", [{ content: [{ type: "reasoning", text: "Hm, 1 + 1." }] }, { content: "It is 2." }]],
  ["tags", [{ content: "<thi" }, { content: "nk>Hm, 1 + 1.</th" }, { content: "ink>\n\nIt is 2." }]],
];

describe("reasoning is no part of the answer", () => {
  test.each(dialects)("of %s, streamed", async (_who, deltas) => {
    upstream.respond(bytes([...deltas.map((delta) => chunk(delta)), chunk({}, "stop"), DONE], SSE));
    expect(await ask({ stream: true })).toEqual(answered);
  });

  test.each(dialects)("of %s, plain", async (_who, deltas) => {
    const fields = new Map<string, any>();
    for (const [name, said] of deltas.flatMap((delta) => Object.entries(delta)))
      fields.set(name, fields.get(name) && said ? fields.get(name).concat(said) : (said ?? fields.get(name)));
    const choices = [{ index: 0, message: Object.fromEntries(fields), finish_reason: "stop" }];
    upstream.respond(bytes([JSON.stringify({ choices })]));
    expect((await ask({ stream: false })).answer).toBe("It is 2.");
    expect(await ask({ stream: true })).toEqual(answered);
  });

  test.each([
    ["in a field", [{ reasoning_content: "Hm" }]],
    ["in a block that is not closed", [{ content: "<think>Hm" }]],
  ])("alone, %s, it is no answer", async (_where, deltas) => {
    upstream.respond(bytes([...deltas.map((delta) => chunk(delta)), chunk({}, "stop"), DONE], SSE));
    const failure = await ask({ stream: true }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "upstream_error",
      message: "The AI gave an empty answer. Try again.",
    });
    expect(failure).toHaveProperty(
      "cause.message",
      "the answer has no text but reasoning (finish_reason stop)",
    );
  });

  test("it keeps a stream open that has a finish_reason in every chunk", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let go = () => {};
    const passed = new Promise<void>((resolve) => (go = resolve));
    upstream.respond(
      bytes(
        [
          chunk({ reasoning: "Hm" }, "stop"),
          chunk({ reasoning: "." }, "stop"),
          passed,
          chunk({ content: "2" }, "stop"),
          DONE,
        ],
        SSE,
      ),
    );
    let reasoning = "";
    const onReasoning = (text: string) => {
      reasoning += text;
      if (reasoning !== "Hm.") return;
      // Once what came is read.
      setImmediate(() => {
        vi.advanceTimersByTime(10_000);
        setImmediate(go);
      });
    };
    const { signal } = new AbortController();
    expect(await provider.answer({ messages, signal, onDelta: () => {}, onReasoning })).toBe("2");
  });
});

describe("silence within a reply", () => {
  const timedOut = {
    code: "upstream_timeout",
    status: 504,
    message: "The AI sent nothing for too long. Nothing was charged; ask again.",
  };
  const hang = { end: "hang" } as const;

  test.each([
    ["after the head", true, silence({ head: true })],
    ["after some text", true, bytes([chunk({ content: "a" })], { ...SSE, ...hang })],
    ["after a heartbeat", true, bytes([": ping\n\n"], { ...SSE, ...hang })],
    ["within a plain body", false, bytes(['{"choices":['], hang)],
    ["within a refusal", false, bytes(['{"error":'], { status: 400, ...hang })],
  ])("%s is an upstream_timeout, and the connection is closed", async (_when, stream, script) => {
    const hasty = openOpenAiProvider({ baseUrl: upstream.url, model: "m", idleTimeout: 20 });
    upstream.respond(script);
    await expect(ask({ stream }, hasty)).rejects.toMatchObject(timedOut);
    await upstream.requests[0]?.hungUp;
    await hasty.close();
  });
});
