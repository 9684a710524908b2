import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { faultsOf, operations, statusesOf } from "../support/api-document.ts";
import { answer, failure, openFakeOpenAi, silence, type FakeOpenAi } from "../support/openai-server.ts";
import { openTestServer, PASSWORD, type TestServer } from "../support/test-server.ts";
import { seenAt } from "../support/watch-replies.ts";
import { openRawClient, rawRequest } from "./raw-client.ts";
import { openWiredServer } from "./wired-server.ts";

// Each reply is compared with the document, as in the other tests of this folder (test/support/watch-replies.ts). Here each
// reply that the document has is asked for, so that it has none that never comes.

/** Of these every operation has some, and other tests get them: slow bodies, large heads, faults, a store that fails. */
const everywhere = new Set(["408", "431", "500", "503"]);

/** What takes long, and the test that gets it. */
const elsewhere = [
  // test/http/idempotency.test.ts
  "post /api/chat 410",
  "post /v1/chat/completions 410",
  // test/http/api-keys.test.ts: after 200 of them.
  "post /api/keys 429",
];

let ai: FakeOpenAi;
let server: TestServer;
let limited: TestServer;
let wired: Awaited<ReturnType<typeof openWiredServer>>;

beforeAll(async () => {
  ai = await openFakeOpenAi();
  server = await openTestServer({
    built: join(import.meta.dirname, "../../dist"),
    baseUrl: ai.url,
    // For two questions.
    startingTokens: 250,
    maxInFlight: 2,
    maxBody: 64 * 1024,
    questionTimeout: 1,
  });
  limited = await openTestServer({
    // Loopback has no limits otherwise.
    trustProxy: 1,
    limitRegister: { count: 2, seconds: 3600 },
    limitLogin: { count: 2, seconds: 3600 },
  });
  wired = await openWiredServer({
    provider: {
      model: "m",
      answer: async () => Promise.reject(new Error("A fault.")),
      close: async () => {},
    },
  });
});
afterAll(async () => {
  await server.close();
  await limited.close();
  await ai.close();
  await wired.close();
});

interface Asked {
  token?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  at?: { url: string };
}

/** The status of a reply. */
async function send(operation: string, { token, body, headers, at = server }: Asked = {}): Promise<number> {
  const [method = "", path = ""] = operation.split(" ");
  const reply = await fetch(at.url + path, {
    method: method.toUpperCase(),
    headers: {
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  await reply.text();
  return reply.status;
}

const CHAT = "post /api/chat";
const COMPLETIONS = "post /v1/chat/completions";
const question = { message: "hi" };
const completion = { messages: [{ role: "user", content: "hi" }] };
const withKey = (key: string) => ({ "Idempotency-Key": key });
const events = { Accept: "text/event-stream" };

/** The operations that read a body, and how many bytes are too many. */
const reading: [operation: string, most: number][] = [
  ["post /api/register", 16 * 1024],
  ["post /api/login", 16 * 1024],
  ["post /api/logout", 16 * 1024],
  ["post /api/password", 16 * 1024],
  ["post /api/keys", 16 * 1024],
  [CHAT, 1024 * 1024],
  [COMPLETIONS, 64 * 1024],
];

test("every operation without a token: what it replies, and that it needs one", async () => {
  const statuses = await Promise.all(operations.map((operation) => send(operation.replace("{id}", "one"))));
  expect(new Set(statuses)).toEqual(new Set([200, 400, 401]));
  expect(await send("get /healthz?ai=1")).toBe(200);
  const { headers } = await fetch(`${server.url}/openapi.json`);
  const etag = headers.get("etag")!;
  expect(await send("get /openapi.json", { headers: { "If-None-Match": etag } })).toBe(304);
});

test("every operation with a header that came twice", async () => {
  const heads = operations.map((operation) => {
    const [method = "", path = ""] = operation.replace("{id}", "one").split(" ");
    return rawRequest(method.toUpperCase(), path, { "Content-Type": "a/b", "content-type": "a/b" });
  });
  const client = await openRawClient(server.port);
  let came = "";
  for (const [at, head] of heads.entries()) {
    client.send(head);
    came = await client.until("HTTP/1.1 400 ", at + 1);
  }
  client.vanish();
  expect(came.split("HTTP/1.1 400 ")).toHaveLength(operations.length + 1);
});

test("an account, its tokens, its balance and its API keys", async () => {
  const joe = { username: "joe", password: PASSWORD };
  expect(await send("post /api/register", { body: joe })).toBe(201);
  expect(await send("post /api/register", { body: joe })).toBe(409);
  expect(await send("post /api/register", { body: { ...joe, invite: "none" } })).toBe(403);
  expect(await send("post /api/login", { body: joe })).toBe(200);
  expect(await send("post /api/login", { body: { ...joe, password: "wrong" } })).toBe(401);
  const token = await server.token("joe");
  expect(await send("get /api/token_balance", { token })).toBe(200);
  expect(await send("get /api/usage?days=2&by=key", { token })).toBe(200);
  expect(await send("get /api/usage?days=2&by=model", { token })).toBe(200);

  const key = { name: "one", limit: { tokens: 1, per: "day" }, expires_at: "2999-12-31T00:00:00Z" };
  const made = await server.post("/api/keys", key, { Authorization: `Bearer ${token}` });
  const { id, key: apiKey } = (await made.json()) as { id: string; key: string };
  expect(await send("post /api/keys", { token, body: key })).toBe(409);
  expect(await send("get /api/keys", { token })).toBe(200);
  for (const operation of ["post /api/keys", "get /api/keys", `delete /api/keys/${id}`])
    expect(await send(operation, { token: apiKey })).toBe(403);
  for (const operation of ["post /api/logout", "post /api/password"])
    expect(await send(operation, { token: apiKey, body: {} })).toBe(403);
  expect(await send(CHAT, { token: apiKey, body: question })).toBe(402);
  expect(await send(`delete /api/keys/${id}`, { token })).toBe(204);
  expect(await send(`delete /api/keys/${id}`, { token })).toBe(404);

  const change = { password: PASSWORD, new_password: "another password" };
  expect(await send("post /api/password", { token, body: change })).toBe(200);
  expect(await send("post /api/logout", { token: await server.token("jim") })).toBe(204);
});

test("a body that is too large, or no JSON", async () => {
  const token = await server.token("bob");
  for (const [operation, most] of reading) {
    expect(await send(operation, { token, body: { text: "x".repeat(most) } })).toBe(413);
    expect(await send(operation, { token, body: "x", headers: { "Content-Type": "text/plain" } })).toBe(415);
    expect(await send(operation, { token, body: "x" })).toBe(400);
  }
});

test.each([
  [CHAT, question, { headers: events }],
  [COMPLETIONS, completion, { body: { ...completion, stream: true } }],
] as const)("%s: an answer, its repeats, and why there is none", async (operation, body, streamed) => {
  const token = await server.token(operation === CHAT ? "ann" : "eve");
  const ask = (asked: Asked = {}) => send(operation, { token, body, ...asked });
  ai.respond(failure(500));
  expect(await ask()).toBe(502);
  ai.respond(failure(400));
  expect(await ask()).toBe(operation === CHAT ? 502 : 400);
  ai.respond(failure(429));
  expect(await ask()).toBe(503);
  ai.respond(answer(["Hel", "lo."]));
  expect(await ask({ headers: withKey("one") })).toBe(200);
  expect(await ask({ headers: withKey("one") })).toBe(200);
  expect(await ask({ body, ...streamed, headers: { ...withKey("one"), ...events } })).toBe(200);
  const other = operation === CHAT ? { message: "ho" } : { messages: [{ role: "user", content: "ho" }] };
  expect(await ask({ headers: withKey("one"), body: other })).toBe(422);
  expect(await ask()).toBe(200);
  expect(await ask()).toBe(402);
});

test.each([
  [CHAT, question, { headers: events }],
  [COMPLETIONS, completion, { body: { ...completion, stream: true } }],
] as const)("%s: a stream, and a question that takes too long", async (operation, body, streamed) => {
  const token = await server.token(operation === CHAT ? "pat" : "sam");
  ai.respond(silence());
  const before = ai.requests.length;
  const slow = [send(operation, { token, body, headers: withKey("slow") })];
  await ai.arrived(before + 1);
  expect(await send(operation, { token, body, headers: withKey("slow") })).toBe(409);
  slow.push(send(operation, { token, body }));
  await ai.arrived(before + 2);
  expect(await send(operation, { token, body })).toBe(429);
  expect(await Promise.all(slow)).toEqual([504, 504]);
  ai.respond(answer(["Hel"], { end: "cut" }));
  expect(await send(operation, { token, body, ...streamed })).toBe(200);
  ai.respond(answer(["Hel", "lo."]));
  expect(await send(operation, { token, body, ...streamed })).toBe(200);
});

test("models of OpenAI's API", async () => {
  const token = await server.token("pat");
  expect(await send("get /v1/models", { token })).toBe(200);
  expect(await send("get /v1/models/fake-model", { token })).toBe(200);
  expect(await send("get /v1/models/none", { token })).toBe(404);
  expect(await send(COMPLETIONS, { token, body: { ...completion, model: "none" } })).toBe(404);
});

test("a disabled account", async () => {
  const { store, token } = wired;
  const { id } = (await store.accounts.byName("jane"))!;
  await store.operations.setDisabled(id, true, { reason: null, by: "ops" });
  const jane = { username: "jane", password: "correct horse" };
  expect(await send("post /api/login", { body: jane, at: wired })).toBe(403);
  expect(await send(CHAT, { token, body: question, at: wired })).toBe(403);
  expect(await send(COMPLETIONS, { token, body: completion, at: wired })).toBe(403);
  for (const path of ["/api/token_balance", "/api/usage", "/v1/models", "/v1/models/m"])
    expect(await send(`get ${path}`, { token, at: wired })).toBe(403);
});

test("too many accounts, and too many wrong passwords, from an address", async () => {
  const ask = (operation: string, body: object, token?: string) =>
    send(operation, { at: limited, body, token, headers: { "X-Forwarded-For": "192.0.2.1" } });
  const register = (username: string) => ask("post /api/register", { username, password: PASSWORD });
  const logIn = () => ask("post /api/login", { username: "kim", password: "wrong" });
  const token = await limited.token("kim");
  const change = () => ask("post /api/password", { password: "wrong", new_password: PASSWORD }, token);
  expect([await register("a"), await register("b"), await register("c")]).toEqual([201, 201, 429]);
  expect([await logIn(), await change(), await logIn(), await change()]).toEqual([401, 401, 429, 429]);
});

test("what is no HTTP, and has headers that are too large", async () => {
  for (const [sent, status] of [
    ["no HTTP\r\n\r\n", 400],
    [rawRequest("GET", "/api", { "X-Large": "x".repeat(20_000) }), 431],
  ] as const) {
    const client = await openRawClient(server.port);
    client.send(sent);
    const [head = "", body = ""] = (await client.ended()).split("\r\n\r\n");
    const [line = "", ...lines] = head.split("\r\n");
    const headers = Object.fromEntries(
      lines
        .map((each) => each.split(": ") as [string, string])
        .map(([name, value]) => [name.toLowerCase(), value] as const)
        .filter(([name]) => name !== "connection"),
    );
    const reply = { method: "GET", path: "/api", status: Number(line.split(" ")[1]), headers, body };
    expect([reply.status, faultsOf(reply)]).toEqual([status, []]);
  }
});

test("each reply of the document was seen", () => {
  const seen = new Set([
    ...seenAt(server.port),
    ...seenAt(limited.port),
    ...seenAt(wired.port),
    ...elsewhere,
  ]);
  const documented = operations.flatMap((operation) =>
    statusesOf(operation).map((status) => `${operation} ${status}`),
  );
  const missing = documented.filter((each) => !seen.has(each) && !everywhere.has(each.split(" ").at(-1)!));
  expect(missing).toEqual([]);
});
