import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Script } from "../../support/openai-server.ts";
import { answer, bytes, chunk, failure, openFakeOpenAi, silence } from "../../support/openai-server.ts";
import { openServerWithAi } from "../../support/server-with-ai.ts";
import { openTestServer, testModel, type TestServer } from "../../support/test-server.ts";
import { openRawClient } from "../raw-client.ts";

/** What docs/openai.md says, in bytes. */

const { ai, server } = openServerWithAi({ startingTokens: 100_000 });
let token: string;
beforeAll(async () => (token = await server.token("jane")));

const messages = [{ role: "user", content: "Say hello." }];

interface Asking {
  to?: TestServer;
  as?: string;
  headers?: Record<string, string>;
}

/** The reply to a completion, and what it cost. */
async function ask(
  body: Record<string, unknown> = {},
  { to = server, as = token, headers = {} }: Asking = {},
) {
  const before = await to.settled(as);
  const reply = await to.post(
    "/v1/chat/completions",
    { messages, ...body },
    { Authorization: `Bearer ${as}`, ...headers },
  );
  const text = await reply.text();
  const isJson = reply.headers.get("content-type") === "application/json";
  const data = [...text.matchAll(/^data: (.*)$/gm)].map(([, line]) => line!);
  return {
    status: reply.status,
    headers: reply.headers,
    text,
    json: isJson ? JSON.parse(text) : undefined,
    data,
    events: data.filter((line) => line !== "[DONE]").map((line) => JSON.parse(line)),
    isDone: data.at(-1) === "[DONE]",
    cost: before - (await to.settled(as)),
  };
}

const USAGE = { stream_options: { include_usage: true } };
const STREAM = { type: "text/event-stream" };
const stream = (...steps: string[]): Script => bytes(steps, STREAM);
const DONE = "data: [DONE]\n\n";
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;

describe("what is passed on", () => {
  test("the body, with the operator's key and none of the client's headers", async () => {
    ai.respond(answer("Hi."));
    const body = {
      model: "fake-model",
      messages: [
        { role: "system", content: " Be brief. " },
        { role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AA==" } }] },
        { role: "assistant", content: "", tool_calls: [{ id: "t", type: "function", function: {} }] },
        { role: "tool", tool_call_id: "t", content: "" },
        { role: "user", content: " " },
      ],
      tools: [{ type: "function", function: { name: "f" } }],
      temperature: 0.5,
      stop: ["x"],
      seed: 1,
      response_format: { type: "json_object" },
      logprobs: true,
      metadata: { a: "b" },
      user: "u",
      store: false,
      audio: null,
      n: 1,
    };
    expect(await ask(body, { headers: { "OpenAI-Organization": "org" } })).toMatchObject({ status: 200 });
    const seen = ai.requests.at(-1)!;
    expect(seen.body).toEqual(body);
    expect(seen.headers["openai-organization"]).toBeUndefined();
    expect(seen.headers.authorization).toBeUndefined();
  });

  test("integers of any length, digit by digit, and as part of what a key stands for", async () => {
    const schema = (most: string) =>
      `{"type":"integer","maximum":${most},"description":"\\"1234567890123456789"}`;
    const sent = (seed: string, most: string) =>
      `{"messages":[{"role":"user","content":"12345678901234567890"}],"seed":${seed},"tools":[{"type":"function","function":{"name":"f","parameters":${schema(most)}}}],"n":1}`;
    const post = (body: string) =>
      fetch(`${server.url}/v1/chat/completions`, {
        method: "POST",
        body,
        headers: {
          Authorization: `Bearer ${token}`,
          "Content-Type": "application/json",
          "Idempotency-Key": "digits",
        },
      });
    ai.respond(answer("Hi."));
    const body = sent("-9007199254740993", "9223372036854775807");
    expect((await post(body)).status).toBe(200);
    expect(ai.requests.at(-1)!.text).toBe(body.replace(/}$/, ',"model":"fake-model"}'));
    expect((await post(body)).headers.get("idempotent-replayed")).toBe("true");
    expect((await post(sent("-9007199254740992", "9223372036854775807"))).status).toBe(422);
  });

  test("a stream's bytes, but for the model's name and the finish reason, which comes once it is paid", async () => {
    const part = (delta: string, reason = "null") =>
      `{"id" : "c1","model":"m-2026","choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}],"x":1.0}`;
    const usage = `{"id":"c1","model":"m-2026","choices":[],"usage":{"total_tokens":11}}`;
    ai.respond(
      stream(
        ": hello\n\n",
        ...[
          part(`{"role":"assistant","content":""}`),
          part(`{"reasoning_content":"Hm."}`),
          part(`{"content":"Hel"}`),
          part(String.raw`{"content":"l\u00f6\n"}`),
          part(`{"content":"!"}`),
          part("{}", `"stop"`),
          usage,
        ].map((data) => `data: ${data}\n\n`),
        DONE,
      ),
    );
    const { data, cost } = await ask({ stream: true, ...USAGE });
    const named = (text: string) => text.replace("m-2026", "fake-model");
    expect(data).toEqual([
      named(part(`{"role":"assistant","content":""}`)),
      named(part(`{"reasoning_content":"Hm."}`)),
      named(part(`{"content":"Hel"}`)),
      named(part(String.raw`{"content":"l\u00f6\n"}`)),
      named(part(`{"content":"!"}`)),
      named(part("{}", `"stop"`)),
      named(usage),
      "[DONE]",
    ]);
    expect(cost).toBe(100);
  });

  test("no event with usage to whoever did not ask for it, whatever the AI sent", async () => {
    const usage = { total_tokens: 3 };
    const document = { choices: [{ index: 0, message: { content: "Hi." }, finish_reason: "stop" }], usage };
    const events = stream(chunk({ content: "Hi." }), chunk({}, "stop"), event({ choices: [], usage }), DONE);
    for (const script of [events, bytes([JSON.stringify(document)])]) {
      const headers = { "Idempotency-Key": randomUUID() };
      const usages = async (more = {}) =>
        (await ask({ stream: true, ...more }, { headers })).events.flatMap(({ usage = [] }) => usage);
      ai.respond(script);
      expect(await usages()).toEqual([]);
      expect(await usages()).toEqual([]);
      expect(await usages(USAGE)).toEqual([usage]);
    }
  });

  test("the end of a stream only after its charge, also if it came with text or in every chunk", async () => {
    ai.respond(stream(chunk({ content: "a" }, "stop"), chunk({ content: "b" }, "stop"), DONE));
    const { events, isDone } = await ask({ stream: true });
    expect(events.map(({ choices: [first] }) => [first.delta, first.finish_reason])).toEqual([
      [{ content: "a" }, null],
      [{ content: "b" }, null],
      [{}, "stop"],
    ]);
    expect(isDone).toBe(true);
  });

  test("a plain reply to whoever wants a stream, and a stream to whoever does not", async () => {
    const call = { id: "t", type: "function", function: { name: "f", arguments: "{}" } };
    const document = {
      id: "c1",
      model: "m",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: null, tool_calls: [call] },
          finish_reason: "tool_calls",
        },
      ],
      usage: { total_tokens: 3 },
    };
    ai.respond(bytes([JSON.stringify(document)]));
    const streamed = await ask({ stream: true, ...USAGE });
    expect(streamed.events.map(({ choices: [first] }) => first?.delta ?? null)).toEqual([
      { role: "assistant", content: null, tool_calls: [{ index: 0, ...call }] },
      {},
      null,
    ]);
    expect([streamed.events.at(-1).usage, streamed.isDone]).toEqual([{ total_tokens: 3 }, true]);
    ai.respond(
      stream(
        chunk({ role: "assistant", content: "" }),
        chunk({
          tool_calls: [{ index: 0, id: "t", type: "function", function: { name: "f", arguments: "" } }],
        }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: '{"a"' } }] }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: ":1}" } }] }),
        chunk({}, "tool_calls"),
        event({ choices: [], usage: { total_tokens: 3 } }),
        DONE,
      ),
    );
    const { json, cost } = await ask();
    expect(json).toEqual({
      id: "chatcmpl-1",
      object: "chat.completion",
      choices: [
        {
          index: 0,
          finish_reason: "tool_calls",
          message: {
            role: "assistant",
            content: "",
            tool_calls: [{ id: "t", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
          },
        },
      ],
      usage: { total_tokens: 3 },
    });
    expect(cost).toBe(100);
  });
});

describe("an answer is whole and paid", () => {
  const call = chunk({ tool_calls: [{ index: 0, id: "t", function: { name: "f", arguments: "{}" } }] });
  const whole: [what: string, script: Script][] = [
    ["with text, a finish reason and [DONE]", answer("Hi.")],
    ["with [DONE] alone", stream(chunk({ content: "Hi." }), DONE)],
    ["with a finish reason alone", stream(chunk({ content: "Hi." }), chunk({}, "length"))],
    ["with a finish reason before the connection breaks", answer("Hi.", { end: "cut" })],
    ["with a refusal", answer("I can't.", { field: "refusal" })],
    ["with calls of tools", stream(call, chunk({}, "tool_calls"), DONE)],
    [
      "with a call beside blanks",
      stream(
        chunk({ content: "\n", tool_calls: [{ index: 0, id: "t", function: { name: "f" } }] }, "tool_calls"),
      ),
    ],
    [
      "with a call in the older form",
      stream(chunk({ function_call: { name: "f" } }), chunk({}, "stop"), DONE),
    ],
  ];
  test.each(whole)("%s", async (_what, script) => {
    ai.respond(script);
    const { isDone, cost } = await ask({ stream: true });
    expect([isDone, cost]).toEqual([true, 100]);
  });

  const broken: [what: string, script: Script][] = [
    ["without a finish reason and [DONE]", stream(chunk({ content: "Hi." }))],
    ["with the finish reason error", stream(chunk({ content: "Hi." }), chunk({}, "error"), DONE)],
    ["with an error after it", stream(chunk({ content: "Hi." }, "stop"), event({ error: { message: "x" } }))],
    ["without text", stream(chunk({ role: "assistant", content: "" }), chunk({}, "stop"), DONE)],
    ["with blanks alone", stream(chunk({ content: " \n" }), chunk({}, "stop"), DONE)],
    ["with reasoning alone", stream(chunk({ reasoning: "Hm." }), chunk({}, "stop"), DONE)],
    [
      "with text after a finish reason, then a break",
      bytes([chunk({ content: "a" }, "stop"), chunk({ content: "b" })], { ...STREAM, end: "cut" }),
    ],
    ["with a chunk that is no JSON", stream(chunk({ content: "Hi." }), "data: {\n\n", DONE)],
  ];
  test.each(broken)("but not %s", async (_what, script) => {
    ai.respond(script);
    const { status, events, isDone, cost } = await ask({ stream: true });
    expect([status, isDone, cost]).toEqual([200, false, 0]);
    expect(events.at(-1)).toEqual({
      error: { message: expect.any(String), type: "server_error", code: "upstream_error", param: null },
    });
    expect(
      events.flatMap(({ choices = [] }) => choices).map((one) => one.finish_reason ?? null),
    ).not.toContain("stop");
  });

  test.each([
    ["without a finish reason", bytes([`{"choices":[{"message":{"content":"Hi."}}]}`])],
    ["without text", bytes([`{"choices":[{"message":{"content":" "},"finish_reason":"stop"}]}`])],
    ["that is cut", answer("Hi.", { end: "cut" })],
  ])("nor a plain one %s", async (_what, script) => {
    ai.respond(script);
    const { status, json, cost } = await ask();
    expect([status, json.error.code, cost]).toEqual([502, "upstream_error", 0]);
  });
});

describe("a program that leaves a stream", () => {
  const leaving: [what: string, steps: string[], seen: string, cost: number][] = [
    ["before anything", [], "", 0],
    ["after the role", [chunk({ role: "assistant", content: "" })], "assistant", 0],
    ["while the AI thinks", [chunk({ reasoning_content: "Hm." })], "Hm.", 0],
    ["after text", [chunk({ content: "Hi." })], "Hi.", 100],
    ["after a refusal", [chunk({ refusal: "No." })], "No.", 100],
    ["after the first part of a call", [chunk({ tool_calls: [{ index: 0, id: "call-1" }] })], "call-1", 100],
  ];
  test.each(leaving)("%s pays as the documents say", async (_what, steps, seen, cost) => {
    ai.respond(bytes(steps, { ...STREAM, end: "hang" }));
    const before = await server.settled(token);
    const count = ai.requests.length;
    const body = JSON.stringify({ messages, stream: true });
    const client = await openRawClient(server.port);
    client.send(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const request = await ai.arrived(count + 1);
    if (seen !== "") await client.until(seen);
    client.vanish();
    await request.hungUp;
    expect(before - (await server.settled(token))).toBe(cost);
  });
});

describe("refused", () => {
  const refusals: [
    what: string,
    body: Record<string, unknown>,
    status: number,
    code: string | null,
    param: string | null,
  ][] = [
    ["two answers", { n: 2 }, 400, "unsupported_value", "n"],
    ["a service tier", { service_tier: "priority" }, 400, "unsupported_parameter", "service_tier"],
    ["a search", { web_search_options: {} }, 400, "unsupported_parameter", "web_search_options"],
    [
      "a tool of the host",
      { tools: [{ type: "web_search" }] },
      400,
      "unsupported_parameter",
      "tools[0].type",
    ],
    ["storing", { store: true }, 400, "unsupported_parameter", "store"],
    ["a token in the body", { token: "x" }, 400, "unsupported_parameter", "token"],
    ["no messages", { messages: [] }, 400, null, "messages"],
    ["messages of text", { messages: ["hello"] }, 400, null, "messages"],
    ["an unknown model", { model: "gpt-x" }, 404, "model_not_found", "model"],
    ["a body without an end", { metadata: JSON.parse("[".repeat(300) + "]".repeat(300)) }, 400, null, null],
  ];
  test.each(refusals)("%s, before the hold", async (_what, body, status, code, param) => {
    const before = ai.requests.length;
    const reply = await ask(body);
    expect([reply.status, reply.json]).toEqual([
      status,
      { error: { message: expect.any(String), type: "invalid_request_error", code, param } },
    ]);
    expect(reply.headers.get("x-should-retry")).toBe("false");
    expect([reply.cost, ai.requests.length]).toEqual([0, before]);
  });

  test("a body that is deeper than the stack", async () => {
    const deep = `{"messages":[{}],"metadata":${"[".repeat(1e5)}${"]".repeat(1e5)}}`;
    const reply = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: deep,
    });
    expect([reply.status, await reply.text()]).toEqual([400, expect.stringContaining("inside each other")]);
  });

  test.each([
    [400, 400, "some_code", "false"],
    [404, 400, "some_code", "false"],
    [413, 400, "some_code", "false"],
    [422, 400, "some_code", "false"],
    [401, 502, "upstream_error", "false"],
    [403, 502, "upstream_error", "false"],
    [500, 502, "upstream_error", null],
    [429, 503, "upstream_unavailable", null],
  ])("by the AI with %i: %i", async (said, status, code, retry) => {
    ai.respond(
      failure(said, {
        message: "the secret words of the AI",
        headers: { "x-secret": "1", "retry-after": "2" },
      }),
    );
    const { json, headers, text, ...reply } = await ask();
    expect([reply.status, json.error.code]).toEqual([status, code]);
    expect(text).not.toContain("secret words");
    expect([headers.get("x-secret"), headers.get("x-should-retry")]).toEqual([null, retry]);
    expect(headers.get("retry-after")).toBe(said === 429 ? "2" : null);
    expect(headers.get("x-request-id")).toMatch(/./);
  });

  test("by the AI, with the code and the parameter that it names", async () => {
    const error = {
      message: "x",
      type: "invalid_request_error",
      code: "unsupported_value",
      param: "temperature",
    };
    ai.respond(bytes([JSON.stringify({ error })], { status: 400 }));
    const { json } = await ask({ stream: true });
    expect(json.error).toMatchObject({ code: "unsupported_value", param: "temperature" });
    expect(json.error.message).toBe(
      "The AI did not accept this request (unsupported_value, temperature). Nothing was charged.",
    );
    ai.respond(failure(400, { message: "maximum context length is 8192 tokens", code: "x y" }));
    expect((await ask()).json.error).toMatchObject({ code: "context_length_exceeded", param: "messages" });
  });

  test("everything else below /v1, in the same form", async () => {
    const send = async (path: string, init: RequestInit = {}) => {
      const reply = await fetch(server.url + path, init);
      return [reply.status, (await reply.json()).error] as const;
    };
    const bearer = { Authorization: `Bearer ${token}` };
    const json = { ...bearer, "Content-Type": "application/json" };
    const post = (headers: Record<string, string>, body?: BodyInit) =>
      send("/v1/chat/completions", { method: "POST", headers, ...(body !== undefined && { body }) });
    expect(await send("/v1/responses", { method: "POST" })).toEqual([
      404,
      {
        message: expect.stringContaining("chat completions only"),
        type: "invalid_request_error",
        code: "not_found",
        param: null,
      },
    ]);
    expect(await send("/v1/chat/completions")).toMatchObject([405, { code: "method_not_allowed" }]);
    expect(await send("/v1/models")).toMatchObject([401, { code: "invalid_api_key" }]);
    const noKey = { code: "invalid_api_key", message: expect.stringContaining("API key") };
    expect(await post({})).toMatchObject([401, noKey]);
    expect(await post({ Authorization: "Bearer sk-x" })).toMatchObject([401, noKey]);
    expect(await post(bearer, "{}")).toMatchObject([415, { code: "unsupported_media_type" }]);
    expect(await post(json, "{")).toMatchObject([400, { code: "invalid_json" }]);
    const large = gzipSync(Buffer.alloc(33 * 1024 * 1024, " "));
    expect(await post({ ...json, "Content-Encoding": "gzip" }, large)).toMatchObject([
      413,
      { code: "payload_too_large" },
    ]);
    const client = await openRawClient(server.port);
    client.send(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    );
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 400 [^]*\r\n\r\n\{"error":\{"message":/);
  });

  test("without tokens: 402; with all of them held: 429", async () => {
    const poor = await openTestServer({ baseUrl: ai.url, startingTokens: 100 });
    const as = await poor.token("joe");
    ai.respond(silence());
    const count = ai.requests.length;
    const client = new AbortController();
    const body = JSON.stringify({ messages });
    const headers = { Authorization: `Bearer ${as}`, "Content-Type": "application/json" };
    const post = (signal: AbortSignal | null = null) =>
      fetch(`${poor.url}/v1/chat/completions`, { method: "POST", headers, body, signal });
    const held = post(client.signal).catch(() => {});
    await ai.arrived(count + 1);
    const busy = await post();
    expect([busy.status, busy.headers.get("retry-after"), (await busy.json()).error.code]).toEqual([
      429,
      "1",
      "rate_limit_exceeded",
    ]);
    client.abort();
    await held;
    await poor.settled(as);
    ai.respond(answer("Hi."));
    expect((await post()).headers.get("tokens-remaining")).toBe("0");
    const last = await post();
    expect([last.status, last.headers.get("x-should-retry"), (await last.json()).error]).toEqual([
      402,
      "false",
      { message: expect.any(String), type: "insufficient_quota", code: "insufficient_quota", param: null },
    ]);
    await poor.close();
  });
});

test("an API key asks, also with an image, and is named once its limit is reached", async () => {
  const bearer = (as: string) => ({ Authorization: `Bearer ${as}` });
  const limit = { tokens: 200, per: "month" };
  const made = await server.post("/api/keys/", { name: "editor", limit }, bearer(token));
  const { key } = (await made.json()) as { key: string };
  ai.respond(answer("Hi."));
  expect(await ask({}, { headers: bearer(key) })).toMatchObject({ status: 200, cost: 100 });
  const url = `data:image/png;base64,${"A".repeat(200_000)}`;
  const image = { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }] };
  expect(await ask(image, { headers: bearer(key) })).toMatchObject({ status: 200, cost: 100 });
  const beyond = await ask({}, { headers: bearer(key) });
  expect([beyond.status, beyond.headers.get("x-should-retry"), beyond.json.error, beyond.cost]).toEqual([
    402,
    "false",
    {
      message: expect.stringContaining("The API key editor may spend 200 tokens a month"),
      type: "insufficient_quota",
      code: "insufficient_quota",
      param: null,
    },
    0,
  ]);
  const models = await fetch(`${server.url}/v1/models`, { headers: bearer(key) });
  expect(models.status).toBe(200);
  const wrong = await fetch(`${server.url}/v1/models`, { headers: bearer(key.slice(0, -1)) });
  expect([wrong.status, (await wrong.json()).error.code]).toEqual([401, "invalid_api_key"]);
});

describe("an Idempotency-Key", () => {
  const tools = stream(
    chunk({
      role: "assistant",
      content: null,
      tool_calls: [{ index: 0, id: "t", type: "function", function: { name: "f", arguments: "" } }],
    }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: "{}" } }] }),
    chunk({}, "tool_calls"),
    DONE,
  );

  test("brings the whole reply again, in either form and without a charge", async () => {
    const headers = { "Idempotency-Key": randomUUID() };
    const count = ai.requests.length;
    ai.respond(tools);
    expect((await ask({ stream: true, temperature: 1 }, { headers })).cost).toBe(100);
    const plain = await ask({ temperature: 1, stream: false }, { headers });
    expect(plain.json.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { tool_calls: [{ id: "t", function: { name: "f", arguments: "{}" } }] },
    });
    const streamed = await ask({ stream: true, ...USAGE, temperature: 1 }, { headers });
    expect(streamed.events[0].choices[0].delta.tool_calls[0]).toMatchObject({ index: 0, id: "t" });
    expect(streamed.isDone).toBe(true);
    expect([plain, streamed].map((one) => [one.cost, one.headers.get("idempotent-replayed")])).toEqual([
      [0, "true"],
      [0, "true"],
    ]);
    expect(ai.requests).toHaveLength(count + 1);
  });

  test("stands for the body, whatever the order of its members, and for no question of chat", async () => {
    const headers = { "Idempotency-Key": randomUUID() };
    ai.respond(answer("Hi."));
    await ask({ seed: 1, metadata: { a: "1", b: "2" } }, { headers });
    expect((await ask({ model: null, metadata: { b: "2", a: "1" }, seed: 1 }, { headers })).status).toBe(200);
    expect((await ask({ metadata: { b: "2", a: "1" }, seed: 2 }, { headers })).json.error.code).toBe(
      "idempotency_key_reused",
    );
    const chat = { message: "Say hello." };
    const bearer = { Authorization: `Bearer ${token}`, ...headers };
    expect((await server.post("/api/chat/", chat, bearer)).status).toBe(422);
  });
});

describe("what the operator set", () => {
  let first: Awaited<ReturnType<typeof openFakeOpenAi>>;
  let other: TestServer;
  let as: string;
  beforeAll(async () => {
    first = await openFakeOpenAi();
    other = await openTestServer({
      provider: "openai",
      models: [
        testModel({
          name: "small",
          upstream: "up",
          baseUrl: first.url,
          apiKey: "sk-operator",
          price: 7,
          system: "Be kind.",
          contextChars: 40,
          maxOutputTokens: 50,
          temperature: 0.1,
          extraBody: { service_tier: "flex" },
          allow: ["service_tier"],
          fallback: "large",
        }),
        testModel({ name: "large", upstream: "large", baseUrl: ai.url, contextChars: undefined }),
      ],
    });
    as = await other.token("jane");
  });
  afterAll(async () => {
    await other?.close();
    await first?.close();
  });

  test("wins over the program, or gives way, as the documents say", async () => {
    first.respond(answer("Hi."));
    const body = { temperature: 1, max_completion_tokens: 80, service_tier: "priority" };
    const reply = await ask(body, { to: other, as });
    expect([reply.status, reply.cost, reply.headers.get("model")]).toEqual([200, 7, "small"]);
    expect(first.requests.at(-1)?.headers.authorization).toBe("Bearer sk-operator");
    expect(first.requests.at(-1)?.body).toEqual({
      model: "up",
      messages: [{ role: "system", content: "Be kind." }, ...messages],
      temperature: 1,
      max_tokens: 50,
      service_tier: "flex",
    });
    await ask({ max_tokens: 9 }, { to: other, as });
    expect(first.requests.at(-1)?.body).toMatchObject({ max_tokens: 9, temperature: 0.1 });
  });

  test("limits the text of the messages", async () => {
    const parts = [{ role: "user", content: [{ type: "text", text: "x".repeat(41) }] }];
    const { json, status } = await ask({ messages: parts }, { to: other, as });
    expect([status, json.error.code, json.error.param]).toEqual([400, "context_length_exceeded", "messages"]);
    ai.respond(answer("Hi."));
    expect((await ask({ messages: parts, model: "large" }, { to: other, as })).status).toBe(200);
  });

  test("lets the fallback answer before the first text, and only then", async () => {
    first.respond(stream(chunk({ role: "assistant", content: "" }), event({ error: { message: "x" } })));
    ai.respond(
      stream(event({ model: "m", choices: [{ delta: { content: "Hi." }, finish_reason: "stop" }] })),
    );
    const { events, isDone, cost } = await ask({ stream: true }, { to: other, as });
    expect(events.map(({ model, choices }) => [model, choices[0].delta.content])).toEqual([
      [undefined, ""],
      ["large", "Hi."],
      ["large", undefined],
    ]);
    expect([isDone, cost]).toEqual([true, 7]);
    first.respond(answer(["Hi."], { finish: null, end: "cut" }));
    expect(await ask({ stream: true }, { to: other, as })).toMatchObject({ isDone: false, cost: 0 });
  });
});

test("the demo answers too, without usage", async () => {
  const demo = await openTestServer({ provider: "demo" });
  const { json, cost } = await ask({}, { to: demo, as: await demo.token("joe") });
  expect(json).toMatchObject({ model: "demo", choices: [{ finish_reason: "stop" }] });
  expect([json.usage, cost]).toEqual([undefined, 100]);
  await demo.close();
});
