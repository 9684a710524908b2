import { afterEach, describe, expect, test } from "vitest";
import { ApiError } from "../../src/server/core/api-error.ts";
import type { Ledger } from "../../src/server/core/ports.ts";
import type { Provider } from "../../src/server/core/provider.ts";
import { answer, bytes, openFakeOpenAi, silence, type Script } from "../support/openai-server.ts";
import { openRefusingPort } from "../support/refusing-port.ts";
import { openTestServer, type TestServer } from "../support/test-server.ts";
import { openRawClient, rawQuestion } from "./raw-client.ts";
import { gate, openWiredServer } from "./wired-server.ts";

/** The rows of docs/http-api.md#charging, each over real sockets. */

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const EVENTS = { Accept: "text/event-stream" };
const forever = new Promise<never>(() => {});

async function setUp(script: Script, wishes: Parameters<typeof openTestServer>[0] = {}) {
  const ai = await openFakeOpenAi();
  closers.push(() => ai.close());
  ai.respond(script);
  const server = await openTestServer({ baseUrl: ai.url, ...wishes });
  closers.push(() => server.close());
  return { ai, server, token: await server.token("jane") };
}

async function openWired(wishes: Parameters<typeof openWiredServer>[0]) {
  const server = await openWiredServer(wishes);
  closers.push(() => server.close());
  return server;
}

const ask = (server: Pick<TestServer, "url">, token: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/api/chat/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}`, ...headers },
    body: '{"message":"hello"}',
  });

const complete = (server: Pick<TestServer, "url">, token: string, stream: boolean) =>
  fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify({ messages: [{ role: "user", content: "hello" }], stream }),
  });

describe("a complete answer costs 100", () => {
  test.each(["stop", "length", "content_filter", "anything"])("with the finish reason %s", async (finish) => {
    const { server, token } = await setUp(answer("Yes.", { finish }));
    expect((await ask(server, token)).status).toBe(200);
    expect(await (await ask(server, token, EVENTS)).text()).toContain("event: done");
    expect(await server.balance(token)).toEqual({ tokens: 3800, held: 0 });
  });

  test("and the charge is durable before the reply is sent", async () => {
    const charge = gate();
    const charging = gate();
    const around = (real: Ledger): Partial<Ledger> => ({
      async charge(id) {
        charging.open();
        await charge.opened;
        return real.charge(id);
      },
    });
    const provider = sayingAtOnce("word");
    const server = await openWired({ around, provider });
    const plain = await openRawClient(server.port);
    plain.send(rawQuestion(server.token));
    await charging.opened;
    const streamed = await openRawClient(server.port);
    streamed.send(rawQuestion(server.token, EVENTS));
    expect(await streamed.until("event: delta")).not.toContain("event: done");
    const completed = (await complete(server, server.token, true)).body!.pipeThrough(new TextDecoderStream());
    const events = completed.getReader();
    expect((await events.read()).value).toContain('"content":"word"},"finish_reason":null');
    expect(await server.balance()).toEqual({ tokens: 4000, held: 300 });
    charge.open();
    expect((await events.read()).value).toMatch(/"finish_reason":"stop".*\n\ndata: \[DONE\]\n\n$/);
    expect(await plain.until("tokens_deducted")).toMatch(/^HTTP\/1.1 200/);
    expect(await streamed.until("event: done")).toContain('"tokens_deducted":100');
    expect(await server.balance()).toEqual({ tokens: 3700, held: 0 });
    plain.vanish();
    streamed.vanish();
  });
});

describe("an incomplete answer costs nothing", () => {
  const broken: [what: string, script: Script][] = [
    ["is cut off", answer("Yes.", { finish: null, end: "cut" })],
    ["ends without a finish_reason and [DONE]", answer("Yes.", { finish: null, end: "clean" })],
    ["is blank", answer(" \n")],
  ];

  test.each(broken)("when it %s, plain", async (_what, script) => {
    const { server, token } = await setUp(script);
    const reply = await ask(server, token);
    expect(reply.status).toBe(502);
    expect(await server.balance(token)).toEqual({ tokens: 4000, held: 0 });
  });

  test.each(broken.slice(0, 2))("when it %s, streamed, after some text", async (_what, script) => {
    const { server, token } = await setUp(script);
    const reply = await ask(server, token, EVENTS);
    expect(reply.status).toBe(200);
    const text = await reply.text();
    expect(text).toMatch(/^event: delta\ndata: \{"text":"Yes\."\}\n\nevent: error\ndata: \{.*\}\n\n$/);
    const problem = JSON.parse(text.split("data: ")[2]!) as object;
    expect(problem).toMatchObject({ status: 502, code: "upstream_error", request_id: expect.any(String) });
    expect(await server.balance(token)).toEqual({ tokens: 4000, held: 0 });
  });

  test("when the AI fails before any text, a streamed question gets an ordinary error", async () => {
    const { server, token } = await setUp(bytes([], { status: 500 }));
    const reply = await ask(server, token, EVENTS);
    expect([reply.status, reply.headers.get("content-type")]).toEqual([502, "application/problem+json"]);
  });

  test("when it takes too long, plain, and the upstream call is aborted", async () => {
    const provider = neverEnding();
    const server = await openWired({ provider, timeout: 10 });
    const reply = await ask(server, server.token);
    expect(await reply.json()).toMatchObject({ status: 504, code: "upstream_timeout" });
    expect(provider.aborted()).toBe(1);
    expect(await server.balance()).toEqual({ tokens: 4000, held: 0 });
  });

  test("when it takes too long, streamed, after some text", async () => {
    const server = await openWired({ provider: neverEnding("Well"), timeout: 10 });
    expect(await (await ask(server, server.token, EVENTS)).text()).toMatch(
      /^event: delta\ndata: \{"text":"Well"\}\n\nevent: error\ndata: [^\n]*"code":"upstream_timeout"/,
    );
    expect(await server.balance()).toEqual({ tokens: 4000, held: 0 });
  });

  test("when the AI is silent in the middle of its answer, which may be sooner", async () => {
    const { ai, server, token } = await setUp(silence({ head: true }), { idleTimeout: 0.02 });
    expect(await (await ask(server, token)).json()).toMatchObject({ status: 504, code: "upstream_timeout" });
    await ai.requests[0]?.hungUp;
    expect(await server.balance(token)).toEqual({ tokens: 4000, held: 0 });
  });

  test("when the AI cannot be reached", async () => {
    const nobody = await openRefusingPort();
    closers.push(() => nobody.close());
    const { server, token } = await setUp(silence(), { baseUrl: `${nobody.url}/v1` });
    expect(await (await ask(server, token)).json()).toMatchObject({
      status: 503,
      code: "upstream_unavailable",
    });
    expect(await server.balance(token)).toEqual({ tokens: 4000, held: 0 });
  });
});

describe("a client that goes away", () => {
  test.each([
    ["plain", {}],
    ["streamed", EVENTS],
  ])("before the answer is not charged, and its upstream call is aborted (%s)", async (_how, headers) => {
    const { ai, server, token } = await setUp(silence({ head: true }));
    const client = await openRawClient(server.port);
    client.send(rawQuestion(token, { ...headers, "Idempotency-Key": "k" }));
    const call = await ai.arrived(1);
    expect(await server.balance(token)).toEqual({ tokens: 4000, held: 100 });
    client.vanish();
    await call.hungUp;
    expect(await server.settled(token)).toBe(4000);

    ai.respond(answer("Now."));
    const retry = await ask(server, token, { "Idempotency-Key": "k" });
    expect([retry.status, retry.headers.get("idempotent-replayed")]).toEqual([200, null]);
    expect(await server.balance(token)).toEqual({ tokens: 3900, held: 0 });
  });

  test("after the first delta is charged, and its upstream call is aborted", async () => {
    const { ai, server, token } = await setUp(answer(["Well", forever]));
    const client = await openRawClient(server.port);
    client.send(rawQuestion(token, EVENTS));
    await client.until("Well");
    client.vanish();
    await (
      await ai.arrived(1)
    ).hungUp;
    expect(await server.settled(token)).toBe(3900);
    const left = () => server.log.find((line) => line.left);
    while (!left()) await new Promise(setImmediate);
    expect(left()).toMatchObject({ status: 200, account: "jane", charged: 100, tokens: 3900 });
  });

  test("during the charge of its plain answer is charged, and gets the answer with its key", async () => {
    const charged = gate();
    const reply = gate();
    const around = (real: Ledger): Partial<Ledger> => ({
      async charge(id) {
        const outcome = await real.charge(id);
        charged.open();
        await reply.opened;
        return outcome;
      },
    });
    const provider = sayingAtOnce("The answer.");
    const server = await openWired({ around, provider });
    const client = await openRawClient(server.port);
    client.send(rawQuestion(server.token, { "Idempotency-Key": "k" }));
    await charged.opened;
    client.vanish();
    reply.open();
    for (;;) {
      const again = await ask(server, server.token, { "Idempotency-Key": "k" });
      if (again.status === 409) continue;
      expect(await again.text()).toBe('{"response":"The answer.","tokens_deducted":100}');
      expect(again.headers.get("idempotent-replayed")).toBe("true");
      break;
    }
    expect(provider.calls()).toBe(1);
    expect(await server.balance()).toEqual({ tokens: 3900, held: 0 });
  });

  test.each([
    ["a packed", ["Content-Encoding: gzip"], Buffer.from([0x1f, 0x8b, 8, 0, 0, 0])],
    ["an unpacked", [], '{"mess'],
  ])("during %s upload is noticed", async (_how, packing, begun) => {
    const { server } = await setUp(silence());
    const client = await openRawClient(server.port);
    const head = ["POST /api/chat HTTP/1.1", "Host: x", "Content-Type: application/json"];
    client.send([...head, ...packing, "Content-Length: 100", "", ""].join("\r\n"));
    client.send(begun);
    // The reply to another request tells that the first bytes were read.
    await fetch(`${server.url}/healthz`);
    client.vanish();
    const line = () => server.log.find(({ status }) => status === 499);
    while (!line()) await new Promise(setImmediate);
    expect(line()).toMatchObject({ path: "/api/chat", left: true });
  });
});

describe("when the store cannot take the charge", () => {
  const around = (): Partial<Ledger> => ({
    charge: async () => {
      throw new ApiError("store_unavailable", "The disk is full.", { cause: new Error("ENOSPC") });
    },
  });

  test("a plain answer is not given and nothing is charged", async () => {
    const server = await openWired({ around, provider: sayingAtOnce("secret") });
    const reply = await ask(server, server.token);
    expect(reply.status).toBe(503);
    expect(await reply.text()).not.toContain("secret");
    expect(await server.balance()).toEqual({ tokens: 4000, held: 0 });
    expect(server.log.at(-1)).toMatchObject({ code: "store_unavailable", cause: "ENOSPC" });
  });

  test("a stream ends with an error instead of done", async () => {
    const server = await openWired({ around, provider: sayingAtOnce("word") });
    const text = await (await ask(server, server.token, EVENTS)).text();
    expect(text).toContain('"code":"store_unavailable"');
    expect(text).not.toContain("event: done");
    expect(await server.balance()).toEqual({ tokens: 4000, held: 0 });
  });

  test("a completion is not given, or ends with an error instead of its finish reason and [DONE]", async () => {
    const server = await openWired({ around, provider: sayingAtOnce("word") });
    const plain = await complete(server, server.token, false);
    expect(plain.status).toBe(503);
    expect(await plain.text()).not.toContain("word");
    const text = await (await complete(server, server.token, true)).text();
    expect(text).toMatch(/word.*\n\ndata: \{"error":\{.*"code":"store_unavailable".*\}\}\n\n$/);
    expect(text).not.toMatch(/\[DONE\]|"finish_reason":"/);
    expect(await server.balance()).toEqual({ tokens: 4000, held: 0 });
  });
});

describe("a question that is refused costs nothing", () => {
  const refused: [code: string, status: number, request: { body?: string; headers?: object }][] = [
    ["invalid_json", 400, { body: "{" }],
    ["invalid_request", 400, { body: "{}" }],
    ["invalid_request", 400, { headers: { "Idempotency-Key": "two words" } }],
    ["conflicting_tokens", 400, { body: '{"message":"hello","token":"another"}' }],
    ["payload_too_large", 413, { body: JSON.stringify({ message: "x".repeat(1024 * 1024) }) }],
    ["unsupported_media_type", 415, { headers: { "Content-Type": "text/plain" } }],
  ];

  test.each([
    ["plain", {}],
    ["streamed", EVENTS],
  ])("with any 4xx, %s", async (_how, accept) => {
    const { ai, server, token } = await setUp(answer("never asked"));
    for (const [code, status, { body = '{"message":"hello"}', headers }] of refused) {
      const reply = await fetch(`${server.url}/api/chat/`, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          Authorization: `Bearer ${token}`,
          ...accept,
          ...headers,
        },
        body,
      });
      expect(await reply.json()).toMatchObject({ status, code });
    }
    expect(ai.requests.filter(({ method }) => method === "POST")).toEqual([]);
    expect(await server.balance(token)).toEqual({ tokens: 4000, held: 0 });
  });
});

test("an unexpected error is sent as internal_error, and logged in full with its request id", async () => {
  const around = (): Partial<Ledger> => ({
    hold: async () => {
      throw Object.assign(new TypeError("undefined is not a wallet"), { body: "what jane typed" });
    },
  });
  const server = await openWired({ around, provider: sayingAtOnce("word") });
  const reply = await ask(server, server.token);
  const text = await reply.text();
  expect([reply.status, JSON.parse(text)]).toMatchObject([500, { code: "internal_error" }]);
  expect(text).not.toContain("wallet");
  const line = server.log.at(-1)!;
  expect(line).toMatchObject({
    level: "error",
    request_id: reply.headers.get("x-request-id"),
    error: {
      name: "TypeError",
      message: "undefined is not a wallet",
      stack: expect.stringContaining("charging.test"),
    },
  });
  expect(JSON.stringify(server.log)).not.toContain("what jane typed");
});

/** Says so much at once, and then nothing until it is aborted, as the provider of real models does then. */
function neverEnding(text = ""): Provider & { aborted(): number } {
  let aborted = 0;
  return {
    model: "silent",
    aborted: () => aborted,
    async answer({ signal, onDelta }) {
      if (text !== "") onDelta?.([text]);
      if (!signal.aborted) await new Promise<void>((stopped) => signal.addEventListener("abort", stopped));
      aborted += 1;
      throw signal.reason;
    },
    close: async () => {},
  };
}

function sayingAtOnce(text: string): Provider & { calls(): number } {
  let calls = 0;
  return {
    model: "saying",
    calls: () => calls,
    async answer({ onDelta }) {
      calls += 1;
      onDelta?.([text]);
      return text;
    },
    close: async () => {},
  };
}
