import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answer, failure, openFakeOpenAi, silence, slam, type FakeOpenAi } from "../support/openai-server.ts";
import { openTestServer, testModel, type TestServer } from "../support/test-server.ts";
import { testedModel } from "../support/tested-model.ts";
import { openWiredServer } from "./wired-server.ts";

/** docs/http-api.md#models */

let small: FakeOpenAi;
let large: FakeOpenAi;
let server: TestServer;
let token: string;
let accounts = 0;
beforeAll(async () => {
  [small, large] = await Promise.all([openFakeOpenAi(), openFakeOpenAi()]);
  server = await openTestServer({
    provider: undefined,
    models: [
      testModel({ name: "small", upstream: "s-1", baseUrl: small.url, price: 100, fallback: "large" }),
      testModel({ name: "large", upstream: "l-1", baseUrl: large.url, price: 250 }),
    ],
  });
});
afterAll(async () => {
  await server.close();
  await Promise.all([small.close(), large.close()]);
});
beforeEach(async () => {
  token = await server.token(`jane${(accounts += 1)}`);
  small.respond(answer("Small."));
  large.respond(answer("Large."));
});

const ask = (body: object, headers: Record<string, string> = {}) =>
  server.post("/api/chat/", { message: "hello", ...body }, { Authorization: `Bearer ${token}`, ...headers });
const EVENTS = { Accept: "text/event-stream" };

/** The data of `done`. */
const doneOf = async (reply: Response) =>
  JSON.parse(/event: done\ndata: (.*)/.exec(await reply.text())?.[1] ?? "{}") as object;

const limits = { message: 48_000, context: 48_000, turns: 200 };

test("GET /api/models names the models, their prices and the default, without a token", async () => {
  const reply = await fetch(`${server.url}/api/models/`);
  expect(await reply.json()).toEqual({
    models: [
      { name: "small", price: 100, default: true, limits },
      { name: "large", price: 250, default: false, limits },
    ],
  });
  const about = await (await fetch(`${server.url}/api/`)).json();
  expect(about).toMatchObject({ price: 100, model: "small", extensions: expect.arrayContaining(["models"]) });
});

describe("a question", () => {
  test.each([
    [{}, "small", "s-1", 100],
    [{ model: "small" }, "small", "s-1", 100],
    [{ model: "large" }, "large", "l-1", 250],
  ])("with %j is answered by %s, at its price", async (body, name, upstream, price) => {
    const asked = name === "small" ? small : large;
    const before = asked.requests.length;
    const plain = await ask(body);
    expect([plain.status, plain.headers.get("model")]).toEqual([200, name]);
    expect(await plain.json()).toMatchObject({ tokens_deducted: price });
    const streamed = await ask(body, EVENTS);
    expect(streamed.headers.get("model")).toBe(name);
    expect(await doneOf(streamed)).toMatchObject({
      tokens_deducted: price,
      tokens_remaining: 4000 - 2 * price,
      model: name,
    });
    expect(asked.requests.slice(before).map(({ body }) => body.model)).toEqual([upstream, upstream]);
  });

  const named = "model must be one of these: small, large";
  test.each([
    [named, "huge"],
    ["model must not be empty.", ""],
    ["model must have at most 200 characters.", "x".repeat(201)],
    ["model must be a string.", 7],
    ["model must be a string.", null],
  ])("is refused before its key is looked at: %s", async (detail, model) => {
    const reply = await ask({ model }, { "Idempotency-Key": "not a key" });
    expect([reply.status, await reply.json()]).toMatchObject([
      400,
      { code: "invalid_request", errors: [{ field: "model", detail }] },
    ]);
    expect(await server.balance(token)).toEqual({ tokens: 4000, held: 0 });
  });

  test("that costs more than is left is told the price of its model", async () => {
    for (let count = 0; count < 16; count += 1) await ask({ model: "large" });
    const reply = await ask({ model: "large" });
    expect([reply.status, await reply.json()]).toMatchObject([402, { tokens: 0, required: 250 }]);
  });

  test("under a key of another model, or of none, is refused with 422", async () => {
    const key = { "Idempotency-Key": "k" };
    await ask({}, key);
    for (const model of ["small", "large"]) expect((await ask({ model }, key)).status).toBe(422);
    const again = await ask({}, key);
    expect([again.headers.get("idempotent-replayed"), again.headers.get("model")]).toEqual(["true", "small"]);
    expect(await doneOf(await ask({}, { ...key, ...EVENTS }))).toMatchObject({ model: "small" });
    expect(await server.balance(token)).toMatchObject({ tokens: 3900 });
  });
});

describe("the fallback", () => {
  const scripts = {
    "a lost connection": slam(),
    "429": failure(429),
    "500": failure(500),
    "401": failure(401),
    "a key that is refused with 400": failure(400, { message: "Incorrect API key provided: m." }),
    "an empty answer": answer(""),
    "a plain answer that is cut": answer("Half", { end: "cut" }),
  };
  test.each(Object.entries(scripts))(
    "answers after %s, at the price that was asked for",
    async (_, script) => {
      small.respond(script);
      const reply = await ask({});
      expect([reply.status, reply.headers.get("model"), await reply.json()]).toEqual([
        200,
        "large",
        { response: "Large.", tokens_deducted: 100 },
      ]);
    },
  );

  test("is named in the head of a stream and in done, and in the log with the failure", async () => {
    small.respond(failure(500, { message: "Out of memory." }));
    const reply = await ask({}, { ...EVENTS, "X-Request-Id": "fell-back" });
    expect(reply.headers.get("model")).toBe("large");
    expect(await doneOf(reply)).toEqual({
      response: "Large.",
      tokens_deducted: 100,
      tokens_remaining: 3900,
      model: "large",
      finish: "stop",
      turns_sent: 0,
    });
    const line = () => server.log.find(({ request_id: id }) => id === "fell-back");
    await expect.poll(line).toMatchObject({
      fallback: "large",
      fallback_code: "upstream_error",
      fallback_cause: expect.stringMatching(/^the upstream answered 500.*Out of memory\.$/),
      charged: 100,
    });
  });

  test.each([400, 413, 422])("is not asked when the question itself is refused with %i", async (status) => {
    small.respond(failure(status));
    const before = large.requests.length;
    expect((await ask({})).status).toBe(502);
    expect(large.requests).toHaveLength(before);
    expect(await server.balance(token)).toEqual({ tokens: 4000, held: 0 });
  });

  test("is not asked after text", async () => {
    small.respond(answer("Half", { finish: null, end: "cut" }));
    expect(await (await ask({}, EVENTS)).text()).toContain("event: error");
    expect(await server.balance(token)).toEqual({ tokens: 4000, held: 0 });
  });

  test("charges nothing if it fails, too", async () => {
    small.respond(failure(500));
    large.respond(failure(429));
    expect((await ask({})).status).toBe(503);
    expect(await server.balance(token)).toEqual({ tokens: 4000, held: 0 });
  });

  test("shares the deadline of its question", async () => {
    const hurried = await openTestServer({
      provider: undefined,
      questionTimeout: 0.3,
      models: [
        testModel({ name: "small", baseUrl: small.url, fallback: "large" }),
        testModel({ name: "large", baseUrl: large.url }),
      ],
    });
    small.respond(failure(500));
    large.respond(silence());
    const mine = await hurried.token("jane");
    const reply = await hurried.post("/api/chat/", { message: "hi" }, { Authorization: `Bearer ${mine}` });
    expect(reply.status).toBe(504);
    expect(await hurried.settled(mine)).toBe(4000);
    await hurried.close();
  });
});

test("a server without a list knows its one model by name, and has no extension for it", async () => {
  const single = await openTestServer();
  const mine = { Authorization: `Bearer ${await single.token("jane")}` };
  const models = await (await fetch(`${single.url}/api/models`)).json();
  expect(models).toEqual({ models: [{ name: "demo", price: 100, default: true, limits }] });
  const about = (await (await fetch(`${single.url}/api/`)).json()) as { extensions: string[] };
  expect(about.extensions).not.toContain("models");
  const reply = await single.post("/api/chat/", { message: "hi", model: "demo" }, mine);
  expect([reply.status, reply.headers.get("model")]).toEqual([200, "demo"]);
  expect((await single.post("/api/chat/", { message: "hi", model: "other" }, mine)).status).toBe(400);
  await single.close();
});

test("a name that no header can carry is percent-encoded there, and the answer arrives", async () => {
  const name = "modèle\n☃\ud800";
  const provider = { model: name, answer: async () => "Hi.", close: async () => {} };
  const wired = await openWiredServer({ models: [testedModel({ name, listed: false, provider })] });
  for (const accept of ["application/json", "text/event-stream"]) {
    const reply = await fetch(`${wired.url}/api/chat/`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Authorization: `Bearer ${wired.token}`,
        "Idempotency-Key": "k",
        Accept: accept,
      },
      body: '{"message":"hi"}',
    });
    expect([reply.status, reply.headers.get("model")]).toEqual([200, "mod%C3%A8le%0A%E2%98%83%EF%BF%BD"]);
    expect(await reply.text()).toContain("Hi.");
  }
  await wired.close();
});
