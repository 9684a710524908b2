import { expect, test } from "vitest";
import { answer } from "../support/openai-server.ts";
import { PASSWORD } from "../support/test-server.ts";
import { openServerWithAi } from "../support/server-with-ai.ts";
import { openRawClient, rawQuestion, rawRequest } from "./raw-client.ts";
import { gate } from "./wired-server.ts";

const { ai, server } = openServerWithAi();

test("one connection carries many requests, also refused and streamed ones", async () => {
  const token = await server.token("keeper");
  const client = await openRawClient(server.port);
  client.send(rawRequest("POST", "/api/login", {}, "{"));
  await client.until("invalid_json");
  client.send(rawQuestion(token, { Accept: "text/event-stream" }));
  await client.until("event: done");
  client.send(rawRequest("POST", "/api/login", {}, "x".repeat(20_000)));
  await client.until("payload_too_large");
  client.send(rawQuestion(token));
  expect(await client.until("HTTP/1.1 200 OK", 2)).toContain("Tokens-Remaining: 3800");
  client.vanish();
});

test("pipelined questions are answered in order, and each is charged", async () => {
  const token = await server.token("pipe");
  ai.respond((request, response) =>
    answer(`You said ${request.body.messages[0].content}.`)(request, response),
  );
  const client = await openRawClient(server.port);
  const words = Array.from({ length: 12 }, (_, i) => `word${i}`);
  client.send(words.map((message) => rawQuestion(token, {}, { message })).join(""));
  const came = await client.until("tokens_deducted", 12);
  expect([...came.matchAll(/You said (\w+)\./g)].map(([, word]) => word)).toEqual(words);
  expect(await server.balance(token)).toEqual({ tokens: 2800, held: 0 });
  client.vanish();
});

test("a pipelined question whose turn does not come costs nothing", async () => {
  const token = await server.token("hasty");
  const release = gate();
  ai.respond(answer([release.opened, "ok"]));
  const before = ai.requests.length;
  const client = await openRawClient(server.port);
  const streamed = { Accept: "text/event-stream" };
  client.send(rawQuestion(token, streamed) + rawQuestion(token, streamed));
  await ai.arrived(before + 1);
  client.vanish();
  await (
    await ai.arrived(before + 1)
  ).hungUp;
  const lines = () => server.log.filter((line) => line.account === "hasty" && line.left);
  while (lines().length < 2) await new Promise(setImmediate);
  release.open();
  expect(ai.requests).toHaveLength(before + 1);
  expect(await server.balance(token)).toEqual({ tokens: 4000, held: 0 });
});

test("a request may arrive byte by byte", async () => {
  const client = await openRawClient(server.port);
  const text = rawRequest("POST", "/api/login", {}, { username: "nobody", password: "x" });
  for (const letter of text) {
    client.send(letter);
    await new Promise(setImmediate);
  }
  expect(await client.until("invalid_credentials")).toMatch(/^HTTP\/1.1 401/);
  client.vanish();
});

test.each([
  ["no HTTP", "HELLO\r\n\r\n", 400],
  ["too many headers", `GET / HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
])("%s gets a problem document and the end of the connection", async (_what, text, status) => {
  const client = await openRawClient(server.port);
  client.send(text);
  const reply = await client.ended();
  expect(reply).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(reply).toMatch(/content-type: application\/problem\+json/i);
  expect(reply).toMatch(/x-request-id: [\w-]{36}/i);
  expect(JSON.parse(reply.split("\r\n\r\n")[1]!)).toMatchObject({ status, code: "invalid_request" });
});

test("an invalid target is not found", async () => {
  const targets = ["http://[::1/", "http://", "http://a:99999999/api", "*", "//", "/%00", "/api\\", "/api/%"];
  for (const target of targets) {
    const client = await openRawClient(server.port);
    client.send(rawRequest("GET", target, { Connection: "close" }));
    expect(await client.ended(), target).toMatch(/^HTTP\/1\.1 404 [^]*"code":"not_found"/);
  }
});

test("OPTIONS * is answered for the whole server, an invalid target of OPTIONS is not found", async () => {
  for (const [target, reply] of [
    ["*", /^HTTP\/1\.1 204 [^]*\r\nAllow: GET, HEAD, POST, OPTIONS\r\n/i],
    ["http://[::1/", /^HTTP\/1\.1 404 /],
  ] as const) {
    const client = await openRawClient(server.port);
    client.send(rawRequest("OPTIONS", target, { Connection: "close" }));
    expect(await client.ended(), target).toMatch(reply);
  }
});

test("a target in absolute form and an HTTP/1.0 client are accepted", async () => {
  const client = await openRawClient(server.port);
  client.send("GET http://example.com/healthz HTTP/1.0\r\n\r\n");
  expect(await client.ended()).toMatch(/^HTTP\/1\.1 200 [^]*\{"status":"ok"\}$/);
});

test("the log has a line for each request, and no secret, no text, no query", async () => {
  const token = await server.token("logged");
  ai.respond(answer("the answer of the AI"));
  await server.post(
    "/api/chat/?query=secret",
    { message: "what jane asks" },
    { Authorization: `Bearer ${token}` },
  );
  await server.post("/api/login/", { username: "typed.in.the.wrong.field", password: PASSWORD });
  await server.post("/api/register/", { username: "logged", password: PASSWORD });
  const lines = server.log.filter(({ account }) => account === "logged");
  expect(lines.map(({ path, status }) => [path, status])).toEqual([
    ["/api/register/", 201],
    ["/api/login/", 200],
    ["/api/chat/", 200],
  ]);
  expect(lines[2]).toEqual({
    level: "info",
    time: expect.stringMatching(/^\d{4}-/),
    method: "POST",
    path: "/api/chat/",
    status: 200,
    ms: expect.any(Number),
    request_id: expect.any(String),
    address: "127.0.0.1",
    account: "logged",
    charged: 100,
    tokens: 3900,
    msg: "request",
  });
  const all = JSON.stringify(server.log);
  for (const secret of [token, PASSWORD, "what jane asks", "the answer of the AI", "query", "typed.in"]) {
    expect(all).not.toContain(secret);
  }
});
