import { createServer, type AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Pieces } from "../../../src/server/core/pieces.ts";
import type { Message, Provider } from "../../../src/server/core/provider.ts";
import { openOpenAiProvider } from "../../../src/server/providers/openai.ts";
import { answer, bytes, chunk, openFakeOpenAi, type FakeOpenAi } from "../../support/openai-server.ts";

const messages: Message[] = [{ role: "user", content: "Say hello." }];
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

const ask = (from = provider) => from.answer({ messages, signal: new AbortController().signal });

async function hear(from = provider) {
  const pieces: string[] = [];
  const onDelta = (some: Pieces) => void pieces.push(...[some].flat());
  const text = await from.answer({ messages, signal: new AbortController().signal, onDelta });
  expect(pieces.join("")).toBe(text);
  return { text, pieces };
}

const stream = (pieces: string[]) => upstream.respond(bytes(pieces, SSE));
const document = (choice: object, more: object = {}) =>
  upstream.respond(bytes([JSON.stringify({ choices: [{ index: 0, ...choice }], ...more })]));
const failed = { name: "ApiError", code: "upstream_error" };

describe("a stream with a finish_reason in every chunk", () => {
  test("is read to its end, however long it takes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const words = Array.from({ length: 12 }, (_, at) => `word${at} `);
    const gates = words.map(() => {
      let open = () => {};
      return { opened: new Promise<void>((resolve) => (open = resolve)), open: () => open() };
    });
    const steps = words.flatMap((word, at) => [gates[at]!.opened, chunk({ content: word }, "stop")]);
    upstream.respond(bytes([...steps, DONE], SSE));
    let heard = 0;
    const onDelta = () => {
      heard += 1;
      vi.advanceTimersByTime(250);
      gates[heard]?.open();
    };
    const asked = provider.answer({ messages, signal: new AbortController().signal, onDelta });
    gates[0]?.open();
    expect(await asked).toBe(words.join(""));
  });

  test.each([
    ["without a last chunk", {}],
    ["with fewer bytes than were announced", { "content-length": "5000" }],
  ])("fails when the connection breaks %s before [DONE]", async (_how, headers) => {
    const pieces = [chunk({ content: "a" }, "stop"), chunk({ content: "b" }, "stop")];
    upstream.respond(bytes(pieces, { ...SSE, headers, end: "cut" }));
    await expect(hear()).rejects.toMatchObject(failed);
  });

  test("closes the connection when no more text comes", async () => {
    const hasty = openOpenAiProvider({
      baseUrl: upstream.url,
      model: "m",
      patience: { finished: 1, continued: 1 },
    });
    upstream.respond(bytes([chunk({ content: "a" }, "stop")], { ...SSE, end: "hang" }));
    expect((await hear(hasty)).text).toBe("a");
    await upstream.requests[0]?.hungUp;
    await hasty.close();
  });
});

describe("content as a list of parts", () => {
  const parts = [
    { type: "thinking", thinking: [{ type: "text", text: "Hm." }] },
    { type: "text", text: "fi" },
    { type: "image_url", image_url: { url: "data:" } },
    "r",
    { type: "text", text: "st" },
    { type: "text" },
    null,
  ];

  test("is the text of those of type text, in their order, also mixed with strings", async () => {
    stream([
      chunk({ content: parts }),
      chunk({ content: " and " }),
      chunk({ content: parts.slice(1, 2) }, "stop"),
    ]);
    expect(await hear()).toEqual({ text: "first and fi", pieces: ["first", " and ", "fi"] });
    document({ message: { content: parts }, finish_reason: "stop" });
    expect(await ask()).toBe("first");
  });

  test("without any text is no answer", async () => {
    stream([chunk({ content: parts.slice(0, 1) }), chunk({ content: [] }, "stop"), DONE]);
    await expect(hear()).rejects.toMatchObject(failed);
    document({ message: { content: parts.slice(0, 1) }, finish_reason: "stop" });
    await expect(ask()).rejects.toMatchObject(failed);
  });
});

test.each([
  ["data that is empty", "data:\n\n"],
  ["data that is blank", "data:   \n\n"],
  ["no data but a name", "event: ping\n\n"],
  ["a name and empty data", "event: error\ndata:\n\n"],
  ["the name of a heartbeat, whatever its data", "event: ping\ndata: 2026-01-01 00:00:00.000000\n\n"],
])("an event with %s is no chunk, at the beginning and in the middle", async (_what, beat) => {
  stream([beat, chunk({ content: "a" }), beat, chunk({ content: "b" }), chunk({}, "stop"), beat, DONE]);
  expect(await hear()).toEqual({ text: "ab", pieces: ["a", "b"] });
});

describe("a failure inside a reply with status 200", () => {
  const text = chunk({ content: "Some text" });
  const end = chunk({}, "stop") + DONE;
  const failing = { index: 0, delta: { content: "" }, error: { code: 502, message: "overloaded" } };

  test.each([
    ["the finish_reason error", [text, chunk({}, "error"), DONE]],
    ["an error in the choice", [text, `data: ${JSON.stringify({ choices: [failing] })}\n\n`, end]],
    ["an error beside the choices", [text, `data: ${JSON.stringify({ error: {}, choices: [] })}\n\n`, end]],
    ["an event named error", [text, 'event: error\ndata: {"message":"overloaded"}\n\n', end]],
    ["an event named error that is no JSON", [text, "event: error\ndata: overloaded\n\n", end]],
    ["a flat error", [text, 'data: {"object":"error","message":"overloaded","code":500}\n\n', end]],
    ["another flat error", [text, 'data: {"type":"error","message":"overloaded"}\n\n', end]],
    ["an error_code", [text, 'data: {"text":"overloaded","error_code":50001}\n\n', end]],
  ])("is %s in a stream", async (_what, pieces) => {
    stream(pieces);
    await expect(hear()).rejects.toMatchObject(failed);
  });

  const message = { content: "Some text" };
  test.each([
    ["the finish_reason error", { finish_reason: "error" }, {}],
    ["an error in the choice", { finish_reason: "stop", error: { message: "overloaded" } }, {}],
    ["an error beside the choices", { finish_reason: "stop" }, { error: { message: "overloaded" } }],
  ])("is %s in a plain reply", async (_what, choice, more) => {
    document({ message, ...choice }, more);
    await expect(ask()).rejects.toMatchObject(failed);
  });

  test("is reported to the operator by its identifiers and words", async () => {
    stream([
      text,
      'event: error\ndata: {"type":"server_error","code":"overloaded","message":"Busy, sorry."}\n\n',
    ]);
    await expect(hear()).rejects.toMatchObject({
      cause: {
        message:
          "the upstream reported an error inside its answer (server_error, overloaded); it says: Busy, sorry.",
      },
    });
  });
});

test("thinking of more bytes than an answer may have does no harm", async () => {
  const thought = chunk({ content: "", reasoning_content: "Hm. ".repeat(50) });
  stream([...Array.from({ length: 30 }, () => thought.repeat(1000)), chunk({ content: "a" }, "stop"), DONE]);
  expect(await hear()).toEqual({ text: "a", pieces: ["a"] });
});

test("text and [DONE] are whole without a finish_reason, with or without a line end behind them", async () => {
  for (const done of [DONE, "data: [DONE]\n", "data: [DONE]"]) {
    stream([chunk({ content: "a" }), chunk({ content: "b" }), done]);
    expect((await hear()).text).toBe("ab");
  }
});

describe("half a character", () => {
  test("waits for its other half in the next delta", async () => {
    upstream.respond(answer(["Hi \ud83d", "\ude00", "!"]));
    expect(await hear()).toEqual({ text: "Hi 😀!", pieces: ["Hi ", "😀", "!"] });
  });

  test("that is never completed becomes U+FFFD, in deltas and the whole answer alike", async () => {
    upstream.respond(answer(["\ud83d", " a", "\ude00 b\ud83d"]));
    expect(await hear()).toEqual({
      text: "\ufffd a\ufffd b\ufffd",
      pieces: ["\ufffd a", "\ufffd b", "\ufffd"],
    });
    expect(await ask()).toBe("\ufffd a\ufffd b\ufffd");
  });
});

test("a header after the first two thousand is read", async () => {
  const many = "a:\r\n".repeat(2500);
  const head = `HTTP/1.1 429 Too Many Requests\r\n${many}Retry-After: 7\r\nContent-Length: 0\r\n\r\n`;
  const server = createServer((socket) => socket.once("data", () => socket.end(head)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const busy = openOpenAiProvider({ baseUrl: `http://127.0.0.1:${port}/v1`, model: "m" });
  await expect(ask(busy)).rejects.toMatchObject({ code: "upstream_unavailable", retryAfter: 7 });
  await busy.close();
  server.close();
});
