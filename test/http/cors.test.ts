import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { beforeAll, expect, test } from "vitest";
import { readableHeaders } from "../../src/protocol/readable-headers.ts";
import { serve } from "../../src/server/serve.ts";
import { answer, bytes, chunk, failure } from "../support/openai-server.ts";
import { openServerWithAi } from "../support/server-with-ai.ts";
import { testConfig } from "../support/test-server.ts";
import { openRawClient, rawRequest } from "./raw-client.ts";

/** docs/browser.md#cors */

const PAGE = "https://app.example.org";
const STRANGER = "https://other.example.org";

const { ai, server } = openServerWithAi({
  corsOrigin: ["http://localhost:3000", PAGE],
  built: join(import.meta.dirname, "../../dist"),
  startingTokens: 1000,
  limitLogin: { count: 1, seconds: 60 },
});
let token: string;
let poor: string;
beforeAll(async () => {
  token = await server.token("jane");
  poor = await server.token("joe");
  for (let left = 10; left > 0; left -= 1) await ask({}, poor);
});

type Head = Record<string, string>;

const send = (method: string, path: string, headers: Head = {}, body?: unknown) =>
  fetch(server.url + path, {
    method,
    headers: { ...(body !== undefined && { "Content-Type": "application/json" }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const bearer = (as = token) => ({ Authorization: `Bearer ${as}` });
const ask = (headers: Head, as = token) =>
  send("POST", "/api/chat/", { ...bearer(as), ...headers }, { message: "hello" });
const complete = (headers: Head) =>
  send(
    "POST",
    "/v1/chat/completions",
    { ...bearer(), ...headers },
    { messages: [{ role: "user", content: "Hi" }] },
  );
const login = (password: string, headers: Head) =>
  send("POST", "/api/login/", headers, { username: "jane", password });

/** The headers of a reply that are about origins. */
const corsOf = (headers: Headers) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));
const variedBy = (headers: Headers) => headers.get("vary")?.split(", ") ?? [];

/** What every page can read (Fetch, CORS-safelisted response-header name), and what says nothing to one. */
const OTHERS = new Set([
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-security-policy",
  "content-type",
  "date",
  "keep-alive",
  "transfer-encoding",
  "vary",
  "x-accel-buffering",
  "x-content-type-options",
]);

const replies: [what: string, status: number, reply: (headers: Head) => Promise<Response>][] = [
  ["what needs no token", 200, (head) => send("GET", "/api/", head)],
  ["a reply to HEAD", 200, (head) => send("HEAD", "/healthz", head)],
  ["a balance", 200, (head) => send("GET", "/api/token_balance", { ...bearer(), ...head })],
  ["an answer", 200, (head) => ask({ ...head, "Idempotency-Key": "plain" })],
  ["its replay", 200, (head) => ask({ ...head, "Idempotency-Key": "plain" })],
  ["a stream", 200, (head) => ask({ ...head, Accept: "text/event-stream" })],
  ["a completion", 200, complete],
  ["models of OpenAI's API", 200, (head) => send("GET", "/v1/models", { ...bearer(), ...head })],
  ["the description of the API", 200, (head) => send("GET", "/openapi.json", head)],
  ["one that is unchanged", 304, (head) => send("GET", "/openapi.json", { ...head, "If-None-Match": "*" })],
  ["a body that is no object", 400, (head) => send("POST", "/api/login/", head, [])],
  ["a request without a token", 401, (head) => send("GET", "/api/token_balance", head)],
  ["an error of OpenAI's API", 401, (head) => send("GET", "/v1/models", head)],
  ["a balance that is used up", 402, (head) => ask(head, poor)],
  ["an unknown path", 404, (head) => send("GET", "/nothing", head)],
  ["another method", 405, (head) => send("GET", "/api/chat", head)],
  ["a body that is too large", 413, (head) => login("x".repeat(17_000), head)],
  [
    "a body of another type",
    415,
    (head) => send("POST", "/api/login/", { ...head, "Content-Type": "a/b" }, {}),
  ],
  ["a limit", 429, async (head) => (await login("wrong", head), login("wrong", head))],
  [
    "a failure of the AI",
    502,
    (head) => {
      ai.respond(failure(500));
      return complete(head);
    },
  ],
];
test.each(replies)(
  "%s (%i) can be read by a page of an allowed origin, and of no other",
  async (_, status, reply) => {
    ai.respond(answer("Hello."));
    const allowed = await reply({ Origin: PAGE });
    expect(allowed.status).toBe(status);
    expect(variedBy(allowed.headers)).toContain("Origin");
    expect(corsOf(allowed.headers)).toEqual({
      "access-control-allow-origin": PAGE,
      "access-control-expose-headers": readableHeaders.join(", "),
    });
    const readable = new Set(readableHeaders.map((name) => name.toLowerCase()));
    const known = (name: string) =>
      readable.has(name) || OTHERS.has(name) || name.startsWith("access-control-");
    expect([...allowed.headers.keys()].filter((name) => !known(name))).toEqual([]);

    const refused = await reply({ Origin: STRANGER });
    expect(refused.status).toBe(status);
    expect(variedBy(refused.headers)).toContain("Origin");
    expect(corsOf(refused.headers)).toEqual({});
  },
);

test.each([
  "null",
  "*",
  `${PAGE}.evil.example`,
  `${PAGE}/`,
  `${PAGE}, ${STRANGER}`,
  PAGE.toUpperCase(),
  undefined,
])("the origin %s gets the usual reply, which varies by origin", async (origin) => {
  const { status, headers } = await send("GET", "/api/", origin === undefined ? {} : { Origin: origin });
  expect([status, corsOf(headers), variedBy(headers)]).toEqual([200, {}, ["Origin"]]);
});

test("a page for browsers is for no other origin", async () => {
  const { status, headers } = await send("GET", "/docs", { Origin: PAGE });
  expect([status, corsOf(headers), variedBy(headers)]).toEqual([200, {}, ["Accept-Encoding"]]);
});

test("all that varies an answer is named", async () => {
  const { headers } = await ask({ Origin: PAGE, "Idempotency-Key": "plain" });
  expect(variedBy(headers)).toEqual(["Origin", "Accept"]);
});

test.each([
  ["no HTTP", "400", "nonsense\r\n\r\n"],
  ["headers that are too large", "431", `GET / HTTP/1.1\r\nHost: a\r\n${"ab:c\r\n".repeat(8_200)}\r\n`],
  [
    "a broken body",
    "400",
    `${rawRequest("POST", "/api/login/", { Origin: PAGE, "Content-Type": "application/json", "Transfer-Encoding": "chunked" })}zz\r\n`,
  ],
])(
  "the refusal of %s varies by origin, and is readable if its head was read",
  async (what, status, request) => {
    const client = await openRawClient(server.port);
    client.send(request);
    const [head = ""] = (await client.ended()).split("\r\n\r\n");
    const lines = head.split("\r\n");
    expect(lines[0]).toContain(` ${status} `);
    expect(lines.filter((line) => line === "Vary: Origin")).toHaveLength(1);
    expect(lines.includes(`Access-Control-Allow-Origin: ${PAGE}`)).toBe(what === "a broken body");
  },
);

/** What a browser asks before a request that no form could send. */
const preflight = (path: string, method: string, more: Head = {}) =>
  send("OPTIONS", path, { Origin: PAGE, "Access-Control-Request-Method": method, ...more });

test("a preflight allows the methods of the path and the headers that are read, without a token", async () => {
  const asked =
    "authorization,content-type, idempotency-key,x-strange,X-Request-Id,cookie,accept,content-encoding,if-none-match";
  const { status, headers } = await preflight("/api/chat/", "POST", {
    "Access-Control-Request-Headers": asked,
  });
  expect(status).toBe(204);
  expect(headers.get("allow")).toBe("POST, OPTIONS");
  expect(corsOf(headers)).toEqual({
    "access-control-allow-origin": PAGE,
    "access-control-expose-headers": readableHeaders.join(", "),
    "access-control-allow-methods": "POST, OPTIONS",
    "access-control-allow-headers":
      "authorization, content-type, idempotency-key, x-request-id, accept, content-encoding, if-none-match",
    "access-control-max-age": "7200",
  });
  expect(variedBy(headers)).toEqual([
    "Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
  ]);
});

test("a preflight allows DELETE for one API key, but not for the list of them", async () => {
  const methodsOf = async (path: string) =>
    (await preflight(path, "DELETE")).headers.get("access-control-allow-methods");
  expect(await methodsOf("/api/keys/1")).toBe("DELETE, OPTIONS");
  expect(await methodsOf("/api/keys")).toBe("GET, HEAD, POST, OPTIONS");
});

test("a preflight for an unknown path lets the page read its 404", async () => {
  const { status, headers } = await preflight("/api/nothing", "GET", {
    "Access-Control-Request-Headers": "authorization",
  });
  expect([status, headers.get("allow"), headers.get("access-control-allow-headers")]).toEqual([
    204,
    null,
    "authorization",
  ]);
});

test.each([
  ["of another origin", { Origin: STRANGER, "Access-Control-Request-Method": "POST" }],
  ["without a method", { Origin: PAGE }],
  ["without an origin", { "Access-Control-Request-Method": "POST" }],
  ["of no page", {}],
] as [string, Head][])("OPTIONS %s allows nothing to a page", async (_, headers) => {
  const known = await send("OPTIONS", "/api/chat/", headers);
  expect([known.status, known.headers.get("allow")]).toEqual([204, "POST, OPTIONS"]);
  expect(known.headers.has("access-control-allow-methods")).toBe(false);
  expect((await send("OPTIONS", "/nothing", headers)).status).toBe(404);
});

test("a preflight is answered while a limit refuses the request", async () => {
  await login("wrong", {});
  expect((await login("wrong", {})).status).toBe(429);
  expect((await preflight("/api/login/", "POST")).status).toBe(204);
});

/** `fetch` as a page of {@link PAGE} has it, which asks before each request. */
const asPage = async (
  url: string | URL | Request,
  { method = "GET", headers, ...init }: RequestInit = {},
) => {
  const given = new Headers(headers);
  const names = [...given.keys()].sort().join(", ");
  const path = new Request(url).url.slice(server.url.length);
  const allowed = await preflight(path, method, { "Access-Control-Request-Headers": names });
  expect(allowed.headers.get("access-control-allow-headers")).toBe(names);
  return fetch(url, { ...init, method, headers: { ...Object.fromEntries(given), Origin: PAGE } });
};

test("OpenAI's package may send all of its headers from a page", async () => {
  const client = new OpenAI({
    baseURL: `${server.url}/v1`,
    apiKey: token,
    organization: "org",
    project: "project",
    fetch: asPage,
    dangerouslyAllowBrowser: true,
  });
  const body = { model: "fake-model", messages: [{ role: "user" as const, content: "Hi" }] };
  ai.respond(answer("Hello."));
  const { choices } = await client.chat.completions.create(body);
  expect(choices[0]?.message.content).toBe("Hello.");
  const steps = [chunk({ role: "assistant", content: "Hello." }), chunk({}, "stop"), "data: [DONE]\n\n"];
  ai.respond(bytes(steps, { type: "text/event-stream" }));
  // Sends X-Stainless-Helper-Method, too.
  expect(await client.chat.completions.stream(body).finalContent()).toBe("Hello.");
});

test("without the option nothing of it is sent, until a reload allows an origin", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-cors-"));
  const config = testConfig(dir);
  const running = await serve(config);
  try {
    const headers = { Origin: PAGE, "Access-Control-Request-Method": "POST" };
    const asked = async () => {
      const reply = await fetch(`${running.url}/api/chat/`, { method: "OPTIONS", headers });
      return [reply.headers.get("vary"), reply.headers.get("access-control-allow-origin")];
    };
    expect(await asked()).toEqual([null, null]);
    expect(await running.reload({ ...config, corsOrigin: [PAGE] })).toEqual([]);
    expect(await asked()).toEqual([expect.stringContaining("Origin"), PAGE]);
  } finally {
    await running.close();
    await rm(dir, { recursive: true, force: true });
  }
});
