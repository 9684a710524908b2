import { describe, expect, test } from "vitest";
import type { Message } from "../../../src/server/core/provider.ts";
import { openOpenAiProvider } from "../../../src/server/providers/openai.ts";
import { askUpstream, forms, replyOf } from "../../support/ask-upstream.ts";
import { answer, failure, openFakeOpenAi } from "../../support/openai-server.ts";

const JSON_TYPE = "Content-Type: application/json";
const json = (status: string, body: string, ...lines: string[]) =>
  replyOf([JSON_TYPE, ...lines], body, status);
const events = (...data: string[]) =>
  replyOf(["Content-Type: text/event-stream"], data.map((each) => `data: ${each}\n\n`).join(""));

const BUSY = { code: "upstream_unavailable", detail: "The AI is busy. Try again in a moment." };
const STARTING = { code: "upstream_unavailable", detail: "The AI is not ready yet. Try again in a moment." };
const REFUSED = { code: "upstream_error", detail: "The AI refused this server. Tell whoever runs it." };
const FAILED = { code: "upstream_error", detail: "The AI failed. Try again in a moment." };
const CUT = { code: "upstream_error", detail: "The AI did not give a whole answer. Try again." };

const failures: [string, Uint8Array, { code: string; detail: string; retryAfter?: number }, RegExp][] = [
  [
    "OpenAI without credit",
    json(
      "429 Too Many Requests",
      `{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`,
      "Retry-After: 20",
    ),
    REFUSED,
    /^the upstream answered 429 \(insufficient_quota\): its account has no credit left.*; it says: You exceeded/,
  ],
  [
    "DeepSeek without credit",
    json("402 Payment Required", `{"error":{"message":"Insufficient Balance","type":"unknown_error"}}`),
    REFUSED,
    /no credit left.*Insufficient Balance/,
  ],
  [
    "Gemini at its limit per minute, which it calls a quota",
    json(
      "429 Too Many Requests",
      `[{"error":{"code":429,"message":"You exceeded your current quota.","status":"RESOURCE_EXHAUSTED"}}]`,
      "Retry-After: 7",
    ),
    { ...BUSY, retryAfter: 7 },
    /^the upstream answered 429; it says: You exceeded your current quota\.$/,
  ],
  [
    "llama.cpp while it loads its model",
    json(
      "503 Service Unavailable",
      `{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}`,
    ),
    STARTING,
    /^the upstream answered 503 \(unavailable_error\); it says: Loading model$/,
  ],
  [
    "a host that says when it will be there",
    json("503 Service Unavailable", `{"detail":"starting"}`, "Retry-After: 3600"),
    { ...STARTING, retryAfter: 60 },
    /503; it says: starting$/,
  ],
  [
    "OpenRouter's limit, inside a 200",
    events(`{"error":{"message":"Rate limit exceeded: free-models-per-min.","code":429}}`),
    BUSY,
    /^the upstream answered 429 inside a reply with status 200; it says: Rate limit/,
  ],
  [
    "a limit by its name, inside a 200",
    events(`{"error":{"message":"Slow down.","type":"rate_limit_error"}}`),
    BUSY,
    /^the upstream answered 429 inside/,
  ],
  [
    "a refused key in an event named error",
    replyOf([], `event: error\ndata: {"error":{"message":"Bad key","code":"invalid_api_key"}}\n\n`),
    REFUSED,
    /^the upstream answered 401 inside .*it refused the operator's API key; it says: Bad key$/,
  ],
  [
    "a refused key in a document",
    json("200 OK", `{"error":{"message":"Bad key","code":"401"}}`),
    REFUSED,
    /^the upstream answered 401 inside/,
  ],
  [
    "an overload by a number as text, after a chunk without text",
    events(
      `{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}`,
      `{"error":{"message":"Down.","code":"502"}}`,
    ),
    FAILED,
    /^the upstream answered 502 inside/,
  ],
  [
    "a limit after some text",
    events(
      `{"choices":[{"index":0,"delta":{"content":"Hel"}}]}`,
      `{"error":{"message":"Rate limit exceeded","code":429}}`,
    ),
    CUT,
    /^the upstream reported an error inside its answer; it says: Rate limit exceeded$/,
  ],
  [
    "an error in a page",
    replyOf(["Content-Type: text/html"], "<html><h1>Bad gateway</h1></html>", "502 Bad Gateway"),
    FAILED,
    /^the upstream answered 502$/,
  ],
  [
    "an error in plain text",
    replyOf(["Content-Type: text/plain"], "upstream connect error\r\n", "500 Whatever"),
    FAILED,
    /^the upstream answered 500; it says: upstream connect error$/,
  ],
  [
    "FastAPI's errors of fields",
    json("404 Not Found", `{"detail":[{"loc":["body"],"msg":"no such model"}]}`),
    REFUSED,
    /404: it does not know the model.*no such model/,
  ],
];

describe.each(forms)("asked %s,", (_form, stream) => {
  test.each(failures)("%s", async (_what, reply, told, logged) => {
    const { error } = await askUpstream(() => reply, { stream });
    expect(error).toMatchObject({ retryAfter: undefined, ...told });
    expect(error?.cause).toMatch(logged);
  });

  test("LM Studio without /v1: the log has its words and the advice", async () => {
    const said = `{"error":"Unexpected endpoint or method. (POST /chat/completions)"}`;
    const { error } = await askUpstream(() => json("200 OK", said), { stream, path: "" });
    expect(error).toMatchObject(FAILED);
    expect(error?.cause).toMatch(/most end in \/v1\); it says: Unexpected endpoint or method/);
  });

  const endings: [string, string, RegExp][] = [
    ["filtered", `"content_filter"`, /content filter/],
    ["cut at its limit before any text", `"length"`, /its limit/],
    ["a call of a tool", `"tool_calls"`, /call a tool/],
    ["empty", `"stop"`, /empty answer/],
  ];
  test.each(endings)("an answer without text says that it is %s", async (_what, reason, detail) => {
    const document = `{"choices":[{"index":0,"message":{"content":null},"finish_reason":${reason}}]}`;
    const chunks = events(`{"choices":[{"index":0,"delta":{},"finish_reason":${reason}}]}`, "[DONE]");
    for (const reply of [json("200 OK", document), chunks]) {
      const { error } = await askUpstream(() => reply, { stream });
      expect(error).toMatchObject({ code: "upstream_error", detail: expect.stringMatching(detail) });
    }
  });

  test("an answer that is a call of a tool is told as such whatever its finish_reason", async () => {
    const call = `"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":"{}"}}]`;
    const document = `{"choices":[{"index":0,"message":{"content":"",${call}},"finish_reason":"stop"}]}`;
    const chunks = events(
      `{"choices":[{"index":0,"delta":{${call}}}]}`,
      `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`,
    );
    for (const reply of [json("200 OK", document), chunks]) {
      const { error } = await askUpstream(() => reply, { stream });
      expect(error?.detail).toContain("call a tool");
    }
  });
});

describe("what the log quotes of an upstream's words", () => {
  const messages: Message[] = [
    { role: "system", content: "You are the secret\nassistant of a bank." },
    { role: "user", content: "Grüße aus Wien, wie geht es?" },
    { role: "assistant", content: "Short." },
    { role: "user", content: "My password is swordfish." },
    { role: "assistant", content: String.raw`Look into C:\Users\jane\notes.txt.` },
    { role: "user", content: "It\u0007said\u001b[1mthis\u001b[0mthere." },
  ];
  const quoteOf = async (message: string, escaped = JSON.stringify(message)) => {
    const reply = json("400 Bad Request", `{"error":{"message":${escaped}}}`);
    const asking = { messages, apiKey: "sk-secret-4711", path: "/v1?key=abcdefgh12345" };
    const { error } = await askUpstream(() => reply, asking);
    expect(error?.detail).toMatch(/^The AI did not accept this question\. [\w ,]+\.$/);
    return error?.cause.split("it says: ")[1];
  };

  test("has no key, and no value of the base URL's query", async () => {
    expect(await quoteOf("Bad sk-secret-4711 or sk-secret-4711, or abcdefgh12345.")).toBe(
      "Bad [secret] or [secret], or [secret].",
    );
  });

  test("has no short value of a header or of the query whose name says that it is secret", async () => {
    const reply = json("400 Bad Request", `{"error":{"message":"Not a1b2c, d3e4f, v2 or 2024-06."}}`);
    const headers = { "Api-Key": "a1b2c", "X-Version": "v2" };
    const asking = { messages, headers, path: "/v1?sig=d3e4f&api-version=2024-06" };
    const { error } = await askUpstream(() => reply, asking);
    expect(error?.cause).toMatch(/it says: Not \[secret\], \[secret\], v2 or 2024-06\.$/);
  });

  test("has no 12 characters of message, history or system prompt", async () => {
    expect(await quoteOf("No: My password is swordfish. Sorry.")).toBe("No: [chat] Sorry.");
    expect(await quoteOf("No: 'password is'.")).toBe("No: 'password is'.");
    expect(await quoteOf("'wie geht es?', 'You are the secret assistant'")).toBe("'[chat]', '[chat]'");
  });

  test("has none where they are escaped, once or twice", async () => {
    expect(await quoteOf("", `"{'content': 'Gr\\u00fc\\u00dfe aus Wien'}"`)).toBe("{'content': '[chat]'}");
    expect(await quoteOf(String.raw`'Gr\u00fc\u00dfe aus Wien'`)).toBe("'[chat]'");
    expect(await quoteOf(String.raw`'the secret\nassistant of'`)).toBe("'[chat]'");
  });

  test("has none where they hold backslashes or control characters", async () => {
    expect(await quoteOf(String.raw`'C:\Users\jane\notes.txt'`)).toBe("'[chat]'");
    expect(await quoteOf(String.raw`'C:\\Users\\jane\\notes.txt'`)).toBe("'[chat]'");
    expect(await quoteOf("'It\u0007said\u001b[1mthis\u001b[0mthere.'")).toBe("'[chat]'");
  });

  test("has no secret that holds a backslash", async () => {
    const secret = String.raw`sk\now\there`;
    const words = String.raw`'sk\now\there' '${JSON.stringify(secret).slice(1, -1)}'`;
    const reply = json("400 Bad Request", JSON.stringify({ error: { message: words } }));
    const { error } = await askUpstream(() => reply, { apiKey: secret });
    expect(error?.cause).toMatch(/it says: '\[secret\]' '\[secret\]'$/);
  });

  test("is one line of at most 500 characters without control characters", async () => {
    const quoted = await quoteOf(`\u001b[31mNo\r\n no${" x".repeat(400)}`);
    expect(quoted).toMatch(/^No no( x)+…$/);
    expect(quoted?.length).toBeLessThanOrEqual(500);
  });
});

describe("after three refusals of questions in a row", () => {
  const ask = async (provider: ReturnType<typeof openOpenAiProvider>) => {
    const { signal } = new AbortController();
    const asked = provider.answer({ messages: [{ role: "user", content: "Hello" }], signal });
    return asked.catch((error: Error) => error.message);
  };

  test("nobody is told to rephrase, until an answer comes", async () => {
    const upstream = await openFakeOpenAi();
    const provider = openOpenAiProvider({ baseUrl: upstream.url, model: "m" });
    upstream.respond(failure(400));
    for (let refusal = 0; refusal < 3; refusal++) expect(await ask(provider)).toContain("in other words");
    expect(await ask(provider)).toContain("Tell whoever runs this server");
    upstream.respond(failure(400, { code: "content_filter" }));
    expect(await ask(provider)).toContain("in other words");
    upstream.respond(answer("Yes."));
    expect(await ask(provider)).toBe("Yes.");
    upstream.respond(failure(422));
    expect(await ask(provider)).toContain("in other words");
    await provider.close();
    await upstream.close();
  });

  test.each<[string, Parameters<typeof failure>[1]]>([
    ["by its code", { code: "context_length_exceeded" }],
    ["by its type", { code: 400, type: "exceed_context_size_error" }],
    ["by its words", { code: 400, message: "This model's maximum context length is 4096 tokens." }],
  ])("refusals for the question's own sake do not count: %s", async (_how, refusal) => {
    const upstream = await openFakeOpenAi();
    const provider = openOpenAiProvider({ baseUrl: upstream.url, model: "m" });
    upstream.respond(failure(400, refusal));
    for (let times = 0; times < 4; times++)
      expect(await ask(provider)).toContain("longer than the AI can read");
    upstream.respond(failure(400));
    expect(await ask(provider)).toContain("in other words");
    await provider.close();
    await upstream.close();
  });
});
