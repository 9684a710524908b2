import { createServer, type AddressInfo } from "node:net";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { Agent, errors } from "undici";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Pieces } from "../../../src/server/core/pieces.ts";
import type { ApiError } from "../../../src/server/core/api-error.ts";
import type { Message, Provider } from "../../../src/server/core/provider.ts";
import { openOpenAiProvider } from "../../../src/server/providers/openai.ts";
import {
  after,
  answer,
  bytes,
  chunk,
  failure,
  openFakeOpenAi,
  silence,
  slam,
  type FakeOpenAi,
  type Script,
} from "../../support/openai-server.ts";
import { openRefusingPort } from "../../support/refusing-port.ts";

const KEY = "sk-very-secret-key-4711";
const SAID = "the upstream's own words";
const messages: Message[] = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "Say hello." },
];
const SSE = "text/event-stream";

let upstream: FakeOpenAi;
let provider: Provider;

beforeEach(async () => {
  upstream = await openFakeOpenAi();
  provider = openOpenAiProvider({ baseUrl: upstream.url, apiKey: KEY, model: "some-model" });
});
afterEach(async () => {
  vi.useRealTimers();
  await provider.close();
  await upstream.close();
});

const plain = (signal = new AbortController().signal) => provider.answer({ messages, signal });

async function streamed(signal = new AbortController().signal) {
  const pieces: string[] = [];
  const text = await provider.answer({
    messages,
    signal,
    onDelta: (some) => void pieces.push(...[some].flat()),
  });
  return { text, pieces };
}

/** The two forms of asking; what is true of a failure is true of both. */
const forms: [string, () => Promise<unknown>][] = [
  ["plain", () => plain()],
  ["streamed", () => streamed()],
];

const failureOf = async (promise: Promise<unknown>): Promise<ApiError> => {
  const error: unknown = await promise.catch((error: unknown) => error);
  expect(error).toMatchObject({ name: "ApiError" });
  return error as ApiError;
};

function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

describe("a whole answer", () => {
  test("comes as it was written, in either form", async () => {
    upstream.respond(answer("Hello, Jane.\n"));
    expect(await plain()).toBe("Hello, Jane.\n");
    expect(await streamed()).toEqual({ text: "Hello, Jane.\n", pieces: ["Hello, Jane.\n"] });
  });

  test("comes piece by piece when streamed, each while the next is not written yet", async () => {
    const { open, opened } = gate();
    upstream.respond(answer(["Hel", opened, "lo"]));
    const pieces: string[] = [];
    const onDelta = (some: Pieces) => {
      pieces.push(...[some].flat());
      open();
    };
    expect(await provider.answer({ messages, signal: new AbortController().signal, onDelta })).toBe("Hello");
    expect(pieces).toEqual(["Hel", "lo"]);
  });

  test("may be late", async () => {
    const { open, opened } = gate();
    upstream.respond(after(opened, answer("At last.")));
    const asked = plain();
    await upstream.arrived(1);
    open();
    expect(await asked).toBe("At last.");
  });

  test.each(["stop", "length", "content_filter", "tool_calls", "whatever"])(
    "may finish by %s",
    async (finish) => {
      upstream.respond(answer("Some text", { finish }));
      expect(await plain()).toBe("Some text");
      expect((await streamed()).text).toBe("Some text");
    },
  );

  test("has no empty pieces, and blanks before its text come with the text", async () => {
    upstream.respond(answer(["", "\n", "", " Hel", "", "lo", ""]));
    expect(await streamed()).toEqual({ text: "\n Hello", pieces: ["\n Hel", "lo"] });
  });

  test("keeps characters whole that packets split", async () => {
    const event = Buffer.from(chunk({ content: "größe 👋🏽" }));
    const packets = [...event].map((byte) => Uint8Array.of(byte));
    upstream.respond(bytes([...packets, chunk({}, "stop")], { type: SSE }));
    expect((await streamed()).text).toBe("größe 👋🏽");

    const body = Buffer.from(
      JSON.stringify({ choices: [{ index: 0, message: { content: "größe 👋🏽" }, finish_reason: "stop" }] }),
    );
    upstream.respond(bytes([...body].map((byte) => Uint8Array.of(byte))));
    expect(await plain()).toBe("größe 👋🏽");
  });

  test("is the first choice, also when others come before it", async () => {
    upstream.respond(
      bytes([chunk({ content: "second" }, "stop", 1), chunk({ content: "first" }), chunk({}, "stop")], {
        type: SSE,
      }),
    );
    expect((await streamed()).text).toBe("first");
  });

  test("may end with events without choices", async () => {
    const usage = `data: ${JSON.stringify({ choices: [], usage: { total_tokens: 3 } })}\n\n`;
    upstream.respond(
      bytes([chunk({ content: "a" }), chunk({ content: "b" }, "stop"), usage, "data: [DONE]\n\n"], {
        type: `${SSE}; charset=utf-8`,
      }),
    );
    expect((await streamed()).text).toBe("ab");
  });

  test("needs no [DONE], and is not undone by a connection that breaks after its finish_reason", async () => {
    for (const end of ["clean", "cut"] as const) {
      upstream.respond(answer("Whole.", { end }));
      expect((await streamed()).text).toBe("Whole.");
    }
  });

  test("is complete at [DONE]; a connection that is not free a second later is closed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    upstream.respond(answer("Whole.", { end: "linger" }));
    expect((await streamed()).text).toBe("Whole.");
    expect(upstream.requests[0]?.closedEarly).toBe(false);
    vi.advanceTimersByTime(1000);
    await upstream.requests[0]?.hungUp;
  });

  test("may be a refusal, when that is all there is", async () => {
    upstream.respond(answer(["I can't ", "help."], { field: "refusal" }));
    expect(await plain()).toBe("I can't help.");
    expect(await streamed()).toEqual({ text: "I can't help.", pieces: ["I can't ", "help."] });
  });

  test("is asked for with model, messages and key, and streamed only when somebody listens", async () => {
    await plain();
    await streamed();
    const [first, second] = upstream.requests;
    expect(first).toMatchObject({ method: "POST", path: "/v1/chat/completions" });
    expect(first?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(first?.body).toEqual({ model: "some-model", messages });
    expect(second?.body).toEqual({ model: "some-model", messages, stream: true });
  });

  test("keeps its connections between questions", async () => {
    for (let i = 0; i < 3; i++) {
      await plain();
      await streamed();
    }
    // A connection is free again one turn of the event loop after its reply: two may take turns.
    expect(upstream.connections()).toBeLessThanOrEqual(2);
    expect(upstream.requests.some(({ closedEarly }) => closedEarly)).toBe(false);
  });
});

describe("the environment", () => {
  afterEach(() => vi.unstubAllEnvs());

  test("is ignored: no key, address, organisation, header or log of OPENAI_* is used", async () => {
    const logged = (["error", "warn", "info", "debug", "log"] as const).map((level) =>
      vi.spyOn(console, level),
    );
    for (const [name, value] of Object.entries({
      OPENAI_API_KEY: "sk-env",
      OPENAI_ADMIN_KEY: "sk-admin",
      OPENAI_BASE_URL: "http://127.0.0.1:9/v1",
      OPENAI_ORG_ID: "org-env",
      OPENAI_PROJECT_ID: "proj-env",
      OPENAI_CUSTOM_HEADERS: "X-Env: leaked",
      OPENAI_LOG: "debug",
    })) {
      vi.stubEnv(name, value);
    }
    const keyless = openOpenAiProvider({ baseUrl: upstream.url, model: "m" });
    upstream.respond(bytes(["data: {broken\n\n"], { type: SSE }));
    await failureOf(keyless.answer({ messages, signal: new AbortController().signal, onDelta: () => {} }));
    await keyless.close();
    expect(Object.keys(upstream.requests[0]?.headers ?? {}).sort()).toEqual(
      [
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
      ].sort(),
    );
    for (const spy of logged) expect(spy).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });
});

/** Failures whose own words an operator's log may have. */
const speaking = /^(status \d+|an error in the stream|an error that is cut off|a redirect)$/;

describe.each(forms)("a failure, %s,", (_form, ask) => {
  const answers: [string, Script][] = [
    ...[400, 401, 403, 404, 409, 413, 422, 500, 502, 503, 504].map(
      (status) => [`status ${status}`, failure(status, { message: SAID })] as [string, Script],
    ),
    ["an error without a body", bytes([], { status: 500 })],
    ["an error in HTML", bytes([`<h1>${SAID}</h1>`], { status: 502, type: "text/html" })],
    ["an error that is cut off", bytes([`{"error":"${SAID}`], { status: 500, end: "cut" })],
    ["a redirect", bytes([SAID], { status: 307, headers: { location: "/v1/models" } })],
    ["another success", bytes([], { status: 204 })],
    ["no body", bytes([], { headers: { "content-length": "0" } })],
    ["a page", bytes([`<h1>${SAID}</h1>`], { type: "text/html" })],
    ["broken JSON", bytes([`{"choices":[{${SAID}`])],
    ["broken JSON in the stream", bytes([chunk({ content: SAID }), `data: {${SAID}\n\n`], { type: SSE })],
    ["JSON that is something else", bytes([JSON.stringify({ hello: SAID })])],
    ["JSON null", bytes(["null"])],
    ["null in the stream", bytes(["data: null\n\n"], { type: SSE })],
    ["an error in the stream", bytes([`data: {"error":{"message":"${SAID}"}}\n\n`], { type: SSE })],
    ["no choices", bytes([JSON.stringify({ choices: [] })])],
    ["no choices in the stream", bytes([`data: {"choices":[]}\n\ndata: [DONE]\n\n`], { type: SSE })],
    [
      "content that is no text",
      bytes([JSON.stringify({ choices: [{ message: { content: [1] }, finish_reason: "stop" }] })]),
    ],
    ["no text", answer("")],
    ["nothing but blanks", answer(["\n", " ", "\t"])],
    ["no finish_reason and no [DONE]", answer(SAID, { finish: null, end: "clean" })],
    ["a stop halfway", answer([SAID], { finish: null, end: "cut" })],
    ["a connection closed without a word", slam()],
    ["what is no HTTP", (_request, response) => void response.socket?.end("220 smtp ready\r\n")],
    ["gzip, unasked", bytes([gzipSync(SAID)], { headers: { "content-encoding": "gzip" } })],
    [
      "an endless reply",
      bytes(
        Array.from({ length: 9 }, () => "x".repeat(1024 * 1024)),
        { end: "hang" },
      ),
    ],
    [
      "an endless event",
      bytes(
        Array.from({ length: 9 }, () => `:${"x".repeat(256 * 1024)}\n`),
        { type: SSE, end: "hang" },
      ),
    ],
    [
      "an endless event in pieces that each begin with a line end",
      bytes(
        Array.from({ length: 9 }, () => `\n:${"x".repeat(256 * 1024)}`),
        { type: SSE, end: "hang" },
      ),
    ],
    [
      "an endless answer",
      bytes(
        Array.from({ length: 90 }, () => chunk({ content: "x".repeat(100 * 1024) })),
        { type: SSE, end: "hang" },
      ),
    ],
  ];
  test.each(answers)("%s is an upstream_error that quotes no chat and no key", async (what, script) => {
    upstream.respond(script);
    const error = await failureOf(ask());
    expect(error).toMatchObject({ code: "upstream_error", retryAfter: undefined });
    expect(error.cause).toBeInstanceOf(Error);
    const logged = inspect(error, { depth: 10, showHidden: true });
    for (const secret of [KEY, "Say hello."]) expect(logged).not.toContain(secret);
    expect(logged.includes(SAID)).toBe(speaking.test(what));
    expect(error.message).not.toContain(SAID);
    expect(error.message).not.toContain(upstream.url);
  });

  test("a redirect is not followed", async () => {
    upstream.respond(bytes([], { status: 307, headers: { location: "/v1/elsewhere" } }));
    expect((await failureOf(ask())).cause).toMatchObject({ message: expect.stringContaining("redirects") });
    expect(upstream.requests).toHaveLength(1);
  });

  test("no failure is tried again", async () => {
    upstream.respond(failure(503, { headers: { "retry-after": "0" } }));
    await failureOf(ask());
    expect(upstream.requests).toHaveLength(1);
  });

  test.each([401, 403])("%i tells the operator that the key was refused", async (status) => {
    upstream.respond(failure(status, { code: "invalid_api_key" }));
    const { cause } = await failureOf(ask());
    expect(cause).toMatchObject({ message: expect.stringMatching(/invalid_api_key.*API key/) });
  });

  test("an identifier that could be a key stays out of the log", async () => {
    upstream.respond(failure(401, { code: KEY }));
    expect(inspect(await failureOf(ask()), { depth: 10 })).not.toContain(KEY);
  });

  test.each([
    [undefined, undefined],
    ["7", 7],
    ["0", 1],
    ["0.2", 1],
    ["3600", 60],
    [new Date(Date.now() + 3_600_000).toUTCString(), 60],
    [new Date(0).toUTCString(), 1],
    ["soon", undefined],
    ["-5", undefined],
  ])("429 with Retry-After %s asks to wait %s seconds", async (header, seconds) => {
    upstream.respond(failure(429, { headers: header === undefined ? {} : { "retry-after": header } }));
    expect(await failureOf(ask())).toMatchObject({ code: "upstream_unavailable", retryAfter: seconds });
  });
});

describe("an upstream that cannot be reached is upstream_unavailable", () => {
  const at = async (baseUrl: string, dispatcher?: Agent) => {
    const lost = openOpenAiProvider({ baseUrl, apiKey: KEY, model: "m", dispatcher });
    const error = await failureOf(lost.answer({ messages, signal: new AbortController().signal }));
    await lost.close();
    expect(inspect(error, { depth: 10 })).not.toContain(KEY);
    return error;
  };

  test("if nothing listens", async () => {
    const nobody = await openRefusingPort();
    const error = await at(`${nobody.url}/v1`);
    await nobody.close();
    expect(error).toMatchObject({
      code: "upstream_unavailable",
      cause: { message: expect.stringContaining("ECONNREFUSED") },
    });
  });

  test.each([
    [
      "where the name does not exist",
      Object.assign(new Error("getaddrinfo ENOTFOUND ai"), { code: "ENOTFOUND" }),
    ],
    ["where connecting takes too long", new errors.ConnectTimeoutError("Connect Timeout Error")],
    [
      "where a proxy refuses",
      new errors.RequestAbortedError("Proxy response (407) !== 200 when HTTP Tunneling"),
    ],
    ["where the certificate has expired", Object.assign(new Error("expired"), { code: "CERT_HAS_EXPIRED" })],
  ])("%s", async (_where, failure) => {
    const dispatcher = new Agent({ connect: (_options, done) => done(failure, null) });
    const error = await at("https://ai.test/v1", dispatcher);
    expect(error).toMatchObject({
      code: "upstream_unavailable",
      cause: { message: expect.stringContaining((failure as { code?: string }).code ?? "") },
    });
    await dispatcher.close();
  });

  test("if a server does not speak TLS", async () => {
    expect((await at(upstream.url.replace("http:", "https:"))).code).toBe("upstream_unavailable");
  });

  test("if the connection is dropped in the TLS handshake", async () => {
    const server = createServer((socket) => socket.once("data", () => socket.destroy()));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    expect((await at(`https://127.0.0.1:${port}/v1`)).code).toBe("upstream_unavailable");
    server.close();
  });
});

describe.each(forms.map(([form]) => form))("when the question is aborted, %s,", (form) => {
  const reason = new Error("the client went away");
  const ask = (signal: AbortSignal) => (form === "plain" ? plain(signal) : streamed(signal));

  test("before it is asked, nothing is sent and the reason comes back", async () => {
    await expect(ask(AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(upstream.requests).toHaveLength(0);
  });

  test.each([
    ["before the head", silence()],
    ["after the head", silence({ head: true })],
    ["in the middle", bytes(["{"], { end: "hang" })],
  ])("%s, the upstream's connection is closed and the reason comes back", async (_when, script) => {
    upstream.respond(script);
    const stop = new AbortController();
    const asked = ask(stop.signal);
    const request = await upstream.arrived(1);
    stop.abort(reason);
    await expect(asked).rejects.toBe(reason);
    await request.hungUp;
  });
});

describe("a stream whose listener has had enough", () => {
  const hello = answer(["Hel", "lo", new Promise(() => {})]);

  test("closes the upstream's connection when it is aborted between two pieces, and hears no more", async () => {
    upstream.respond(hello);
    const stop = new AbortController();
    const reason = new Error("enough");
    const pieces: string[] = [];
    const onDelta = (some: Pieces) => {
      pieces.push(...[some].flat());
      stop.abort(reason);
    };
    await expect(provider.answer({ messages, signal: stop.signal, onDelta })).rejects.toBe(reason);
    await upstream.requests[0]?.hungUp;
    expect(pieces).toEqual(["Hel"]);
  });

  test("is aborted even with its last piece: then it is not whole", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const onDelta = () => stop.abort(reason);
    await expect(provider.answer({ messages, signal: stop.signal, onDelta })).rejects.toBe(reason);
  });

  test("closes it when the listener throws, and passes the error on as it is", async () => {
    upstream.respond(hello);
    const bug = new Error("a bug of the listener");
    const onDelta = () => {
      throw bug;
    };
    await expect(provider.answer({ messages, signal: new AbortController().signal, onDelta })).rejects.toBe(
      bug,
    );
    await upstream.requests[0]?.hungUp;
  });
});

describe("of the operator's settings", () => {
  test("user info of the base URL is sent as Basic, if there is no key", async () => {
    const url = upstream.url.replace("http://", "http://jane:p%40ss@");
    const basic = openOpenAiProvider({ baseUrl: url, model: "m" });
    await basic.answer({ messages, signal: new AbortController().signal });
    await basic.close();
    expect(upstream.requests[0]?.headers.authorization).toBe(`Basic ${btoa("jane:p@ss")}`);
  });

  test("a query of the base URL goes along, and a last slash does no harm", async () => {
    const versioned = openOpenAiProvider({ baseUrl: `${upstream.url}/?api-version=7`, model: "m" });
    await versioned.answer({ messages, signal: new AbortController().signal });
    await versioned.close();
    expect(upstream.requests[0]?.path).toBe("/v1/chat/completions?api-version=7");
  });

  test("a key with a line end at its end is taken without it, one that no header can carry is refused at the start", async () => {
    const trimmed = openOpenAiProvider({ baseUrl: upstream.url, apiKey: `${KEY}\n`, model: "m" });
    await trimmed.answer({ messages, signal: new AbortController().signal });
    await trimmed.close();
    expect(upstream.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(() => openOpenAiProvider({ apiKey: "sk a\nb", model: "m" })).toThrow(
      expect.objectContaining({ name: "StartupError", message: expect.not.stringContaining("sk a") }),
    );
  });

  test.each(["", "127.0.0.1:11434", "ftp://host/v1", "nonsense"])(
    "the base URL %j is refused at the start",
    (baseUrl) => {
      expect(() => openOpenAiProvider({ baseUrl, model: "m" })).toThrow(
        expect.objectContaining({ name: "StartupError" }),
      );
    },
  );
});
