import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { createSecretKey } from "node:crypto";
import jwt from "jsonwebtoken";
import { beforeAll, describe, expect, test } from "vitest";
import { failure, slam, type FakeOpenAi } from "../support/openai-server.ts";
import { PASSWORD } from "../support/test-server.ts";
import { openServerWithAi } from "../support/server-with-ai.ts";
import { openRawClient, rawQuestion, rawRequest } from "./raw-client.ts";

const SECRET = "one-secret-of-at-least-thirty-two-bytes";
const { ai, server } = openServerWithAi({ secrets: [SECRET] });
let token: string;

beforeAll(async () => {
  token = await server.token("jane");
});

interface Case {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Adds jane's token. */
  as?: "jane";
}

const JSON_TYPE = { "Content-Type": "application/json" };
const question = JSON.stringify({ message: "hi" });

const send = ({ method = "POST", path = "/api/chat/", headers = JSON_TYPE, body, as }: Case) =>
  fetch(server.url + path, {
    method,
    headers: { ...headers, ...(as && { Authorization: `Bearer ${token}` }) },
    ...(body !== undefined && { body: body as BodyInit }),
  });

const expectProblem = async (reply: Response, status: number, code: string) => {
  const problem = (await reply.json()) as Record<string, unknown>;
  expect([reply.status, problem.code]).toEqual([status, code]);
  expect(reply.headers.get("content-type")).toBe("application/problem+json");
  expect(problem).toMatchObject({
    type: "about:blank",
    status,
    request_id: reply.headers.get("x-request-id"),
  });
  expect(problem.error).toBe(problem.detail);
  expect(Object.keys(problem).slice(0, 7)).toEqual([
    "type",
    "title",
    "status",
    "detail",
    "code",
    "error",
    "request_id",
  ]);
  return problem;
};

const big = (bytes: number) => JSON.stringify({ message: "hi", filler: "x".repeat(bytes) });
const sign = (claims: object, secret = SECRET) =>
  jwt.sign(claims, createSecretKey(Buffer.from(secret)), { algorithm: "HS256" });
const tomorrow = Math.floor(Date.now() / 1000) + 86_400;

describe("a refused request gets its problem document", () => {
  const cases: [what: string, sent: Case, status: number, code: string][] = [
    ["a path that is not there", { path: "/api/nothing/" }, 404, "not_found"],
    ["two slashes before a path", { path: "//api/chat" }, 404, "not_found"],
    ["two slashes after a path", { path: "/api/chat//" }, 404, "not_found"],
    ["a path in other case", { path: "/api/Chat/" }, 404, "not_found"],
    ["a path with junk in percent signs", { path: "/api/chat%E0%A4%A" }, 404, "not_found"],
    ["a percent-encoded letter", { path: "/api/%63hat" }, 404, "not_found"],
    ["another method", { method: "PUT", body: "{" }, 405, "method_not_allowed"],
    ["a method of WebDAV", { method: "PROPFIND" }, 405, "method_not_allowed"],
    [
      "a body without Content-Type",
      { headers: {}, body: Buffer.from(question) },
      415,
      "unsupported_media_type",
    ],
    [
      "a form",
      { headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "message=hi" },
      415,
      "unsupported_media_type",
    ],
    ["text", { headers: { "Content-Type": "text/plain" }, body: question }, 415, "unsupported_media_type"],
    [
      "JSON in latin-1",
      { headers: { "Content-Type": "application/json; charset=iso-8859-1" }, body: question },
      415,
      "unsupported_media_type",
    ],
    [
      "a Content-Type that is none",
      { headers: { "Content-Type": "json" }, body: question },
      415,
      "unsupported_media_type",
    ],
    [
      "an unknown Content-Encoding",
      { headers: { ...JSON_TYPE, "Content-Encoding": "zstd" }, body: question },
      415,
      "unsupported_media_type",
    ],
    ["a question of more than 1 MiB", { body: big(1024 * 1024) }, 413, "payload_too_large"],
    [
      "credentials of more than 16 KiB",
      { path: "/api/login", body: big(16 * 1024) },
      413,
      "payload_too_large",
    ],
    [
      "a small body that unpacks to a large one",
      { headers: { ...JSON_TYPE, "Content-Encoding": "gzip" }, body: gzipSync(big(50_000_000)) },
      413,
      "payload_too_large",
    ],
    [
      "a body that is packed and cut",
      { headers: { ...JSON_TYPE, "Content-Encoding": "gzip" }, body: gzipSync(big(1000)).subarray(0, 30) },
      400,
      "invalid_json",
    ],
    [
      "a body that is not packed as it says",
      { headers: { ...JSON_TYPE, "Content-Encoding": "br" }, body: question },
      400,
      "invalid_json",
    ],
    ["broken JSON", { body: '{"message":' }, 400, "invalid_json"],
    [
      "broken UTF-8",
      { body: Buffer.from([...Buffer.from('{"message":"'), 0xff, ...Buffer.from('"}')]) },
      400,
      "invalid_json",
    ],
    [
      "an overlong UTF-8 sequence",
      { body: Buffer.from([...Buffer.from('{"message":"'), 0xc0, 0xaf, ...Buffer.from('"}')]) },
      400,
      "invalid_json",
    ],
    ["a list", { body: "[1]" }, 400, "invalid_request"],
    ["null", { body: "null" }, 400, "invalid_request"],
    ["a text", { body: '"hi"' }, 400, "invalid_request"],
    ["no token", { body: question }, 401, "missing_token"],
    ["no token, and no body at all", { headers: {} }, 401, "missing_token"],
    [
      "a token in another scheme",
      { headers: { ...JSON_TYPE, Authorization: "Basic amFuZTpqYW5l" }, body: question },
      401,
      "missing_token",
    ],
    [
      "a scheme without a token",
      { headers: { ...JSON_TYPE, Authorization: "Bearer" }, body: question },
      401,
      "missing_token",
    ],
    [
      "an empty token in the body",
      { body: JSON.stringify({ message: "hi", token: "" }) },
      401,
      "missing_token",
    ],
    [
      "a token in the body of another type",
      { as: "jane", body: JSON.stringify({ message: "hi", token: 5 }) },
      400,
      "invalid_request",
    ],
    [
      "two different tokens",
      { as: "jane", body: JSON.stringify({ message: "hi", token: "other" }) },
      400,
      "conflicting_tokens",
    ],
    [
      "a token that is none",
      { headers: { ...JSON_TYPE, Authorization: "Bearer junk" }, body: question },
      401,
      "invalid_token",
    ],
    [
      "two words after Bearer",
      { headers: { ...JSON_TYPE, Authorization: "Bearer a b" }, body: question },
      401,
      "invalid_token",
    ],
    [
      "a token that is signed by somebody else",
      {
        headers: {
          ...JSON_TYPE,
          Authorization: `Bearer ${sign({ sub: "1", gen: 1, jti: "1", iat: 1, exp: tomorrow }, "x".repeat(32))}`,
        },
        body: question,
      },
      401,
      "invalid_token",
    ],
    [
      "a token of an account that is gone",
      {
        headers: {
          ...JSON_TYPE,
          Authorization: `Bearer ${sign({ sub: "gone", gen: 1, jti: "1", iat: 1, exp: tomorrow })}`,
        },
        body: question,
      },
      401,
      "invalid_token",
    ],
    [
      "a token past its time",
      {
        headers: {
          ...JSON_TYPE,
          Authorization: `Bearer ${sign({ sub: "gone", gen: 1, jti: "1", iat: 1, exp: 2 })}`,
        },
        body: question,
      },
      401,
      "expired_token",
    ],
    ["no message", { as: "jane", body: "{}" }, 400, "invalid_request"],
    ["no body", { as: "jane", headers: {} }, 400, "invalid_request"],
    ["a blank message", { as: "jane", body: '{"message":" \\n"}' }, 400, "invalid_request"],
    [
      "a key that is empty",
      { as: "jane", headers: { ...JSON_TYPE, "Idempotency-Key": "" }, body: question },
      400,
      "invalid_request",
    ],
    [
      "a key that is too long",
      { as: "jane", headers: { ...JSON_TYPE, "Idempotency-Key": "k".repeat(256) }, body: question },
      400,
      "invalid_request",
    ],
    [
      "a key of two words",
      { as: "jane", headers: { ...JSON_TYPE, "Idempotency-Key": "a b" }, body: question },
      400,
      "invalid_request",
    ],
    [
      "a key whose quotes do not close",
      { as: "jane", headers: { ...JSON_TYPE, "Idempotency-Key": '"a' }, body: question },
      400,
      "invalid_request",
    ],
    [
      "an unknown name",
      { path: "/api/login/", body: JSON.stringify({ username: "nobody", password: "x" }) },
      401,
      "invalid_credentials",
    ],
    [
      "a wrong password",
      { path: "/api/login/", body: JSON.stringify({ username: "jane", password: "wrong password" }) },
      401,
      "invalid_credentials",
    ],
    [
      "a login without a password",
      { path: "/api/login/", body: JSON.stringify({ username: "jane" }) },
      400,
      "invalid_request",
    ],
    [
      "a name that is taken",
      { path: "/api/register/", body: JSON.stringify({ username: "JANE", password: PASSWORD }) },
      409,
      "username_taken",
    ],
    [
      "a balance without a token",
      { method: "GET", path: "/api/token_balance/", headers: {} },
      401,
      "missing_token",
    ],
  ];

  test.each(cases)("%s", async (_what, sent, status, code) => {
    expect(await expectProblem(await send(sent), status, code)).toHaveProperty("title");
  });
});

describe("of two faults the first in the order of checks is reported", () => {
  const type = { "Content-Type": "text/plain" };
  const JUNK = { ...JSON_TYPE, Authorization: "Bearer junk" };
  const cases: [what: string, sent: Case, code: string][] = [
    ["path before method", { method: "PUT", path: "/nothing" }, "not_found"],
    ["method before media type", { method: "PUT", headers: type, body: "x" }, "method_not_allowed"],
    ["media type before size", { headers: type, body: big(1024 * 1024) }, "unsupported_media_type"],
    ["size before JSON", { body: `{${"x".repeat(1024 * 1024)}` }, "payload_too_large"],
    ["JSON before conflicting tokens", { as: "jane", body: '{"token":"other"' }, "invalid_json"],
    ["method before token in the head", { method: "PUT", headers: JUNK, body: "x" }, "method_not_allowed"],
    ["token in the head before media type", { headers: { ...JUNK, ...type }, body: "x" }, "invalid_token"],
    ["token in the head before size", { headers: JUNK, body: big(1024 * 1024) }, "invalid_token"],
    ["token in the head before JSON", { headers: JUNK, body: "{" }, "invalid_token"],
    [
      "token in the head before conflicting tokens",
      { headers: JUNK, body: '{"token":"b"}' },
      "invalid_token",
    ],
    ["conflicting tokens before fields", { as: "jane", body: '{"token":"other"}' }, "conflicting_tokens"],
    ["JSON before token in the body", { body: '{"token":"other"' }, "invalid_json"],
    ["token in the body before fields", { body: '{"token":"other"}' }, "invalid_token"],
    ["size before no token", { body: big(1024 * 1024) }, "payload_too_large"],
    ...["logout", "password"].map((name): (typeof cases)[number] => [
      `no token before media type at ${name}`,
      { path: `/api/${name}/`, headers: type, body: "x" },
      "missing_token",
    ]),
    [
      "token before the key's form",
      { headers: { ...JSON_TYPE, "Idempotency-Key": "" }, body: question },
      "missing_token",
    ],
  ];

  test.each(cases)("%s", async (_what, sent, code) => {
    expect(await (await send(sent)).json()).toMatchObject({ code });
  });

  test("fields before the key's form", async () => {
    const sent: Case = { as: "jane", headers: { ...JSON_TYPE, "Idempotency-Key": "" }, body: "{}" };
    expect(await (await send(sent)).json()).toMatchObject({ errors: [{ field: "message" }] });
  });
});

describe("a body is not read if the token in the head", () => {
  const gone = sign({ sub: "gone", gen: 1, jti: "1", iat: 1, exp: tomorrow });
  const revoked = async () => {
    const ended = await server.token("leaver");
    await server.post("/api/logout/", {}, { Authorization: `Bearer ${ended}` });
    return ended;
  };
  const cases: [what: string, token: () => Promise<string>, code: string][] = [
    ["is junk", async () => "junk", "invalid_token"],
    ["is of an account that is gone", async () => gone, "invalid_token"],
    ["is logged out", revoked, "invalid_token"],
    ["is past its time", async () => sign({ sub: "1", gen: 1, jti: "1", iat: 1, exp: 2 }), "expired_token"],
  ];

  test.each(cases)("%s", async (_what, tokenOf, code) => {
    for (const path of ["/api/chat/", "/api/logout/", "/api/password/"]) {
      const client = await openRawClient(server.port);
      const head = { ...JSON_TYPE, Authorization: `Bearer ${await tokenOf()}`, "Content-Length": "1000" };
      client.send(rawRequest("POST", path, head));
      expect(await client.until(code)).toMatch(/^HTTP\/1\.1 401 /);
      client.vanish();
    }
  });

  test("becomes invalid while the body comes: the question is refused", async () => {
    const theirs = await server.token("mover");
    const client = await openRawClient(server.port);
    const question = rawQuestion(theirs);
    client.send(question.slice(0, -1));
    await server.post("/api/logout/", {}, { Authorization: `Bearer ${theirs}` });
    client.send(question.slice(-1));
    expect(await client.until("invalid_token")).toMatch(/^HTTP\/1\.1 401 /);
    client.vanish();
  });
});

describe("a challenge", () => {
  const challengeOf = async (headers: Record<string, string>) =>
    (await fetch(`${server.url}/api/token_balance/`, { headers })).headers.get("www-authenticate");

  test("has an error code only if a token was sent", async () => {
    expect(await challengeOf({})).toBe('Bearer realm="ai-chat"');
    expect(await challengeOf({ Authorization: "Bearer junk" })).toBe(
      'Bearer realm="ai-chat", error="invalid_token"',
    );
  });

  test("is not part of a refused login", async () => {
    const reply = await server.post("/api/login/", { username: "nobody", password: "x" });
    expect(reply.headers.get("www-authenticate")).toBeNull();
  });
});

test("a wrong password and an unknown name get the same reply", async () => {
  const textOf = async (username: string) => {
    const reply = await server.post(
      "/api/login/",
      { username, password: "wrong" },
      { "X-Request-Id": "same" },
    );
    return [reply.status, await reply.text()];
  };
  expect(await textOf("jane")).toEqual(await textOf("nobody"));
});

test("the token may be in the header, in the body, or in both", async () => {
  const statusOf = async (headers: Record<string, string>, body: object = {}) =>
    (await server.post("/api/chat/", { message: "hi", ...body }, headers)).status;
  expect(await statusOf({ Authorization: `bEaReR   ${token}` })).toBe(200);
  expect(await statusOf({ Authorization: `Bearer ${token}` }, { token })).toBe(200);
  expect(await statusOf({ Authorization: `Token ${token}` })).toBe(200);
  expect(await statusOf({ Authorization: `Token ${token}` }, { token: `${token}x` })).toBe(400);
  expect(await statusOf({ Authorization: "Basic xyz" }, { token })).toBe(200);
  expect(await statusOf({ Authorization: `Bearer ${token}` }, { token: null })).toBe(200);
});

test("a body may be packed with gzip, deflate or br", async () => {
  for (const [encoding, pack] of [
    ["gzip", gzipSync],
    ["GZIP", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ] as const) {
    const reply = await send({
      as: "jane",
      headers: { ...JSON_TYPE, "Content-Encoding": encoding },
      body: pack(question),
    });
    expect(reply.status, encoding).toBe(200);
  }
});

test("a body may have any JSON type in UTF-8", async () => {
  const types = [
    "application/json; charset=UTF-8",
    'application/json;charset="utf-8"',
    "Application/Problem+JSON",
  ];
  for (const type of types) {
    const { status } = await send({ as: "jane", headers: { "Content-Type": type }, body: question });
    expect(status, type).toBe(200);
  }
});

test("a byte order mark, unknown fields and __proto__ are ignored", async () => {
  const body = `\ufeff{"__proto__":{"message":"evil"},"extra":1,"message":"hi"}`;
  expect((await send({ as: "jane", body })).status).toBe(200);
});

test("a body of exactly 1 MiB is accepted", async () => {
  const empty = big(0).length;
  expect((await send({ as: "jane", body: big(1024 * 1024 - empty) })).status).toBe(200);
});

test("all field errors are reported at once, with dotted names", async () => {
  const history = [{ role: "user", content: "fine" }, { role: "system", content: 5 }, "turn"];
  const reply = await server.post(
    "/api/chat/",
    { message: 7, history },
    { Authorization: `Bearer ${token}` },
  );
  const problem = await expectProblem(reply, 400, "invalid_request");
  expect(problem.errors).toEqual([
    { field: "message", detail: "message must be a string." },
    { field: "history.1.role", detail: 'role must be "user" or "assistant".' },
    { field: "history.1.content", detail: "content must be a string." },
    { field: "history.2", detail: "a turn must be an object with role and content." },
  ]);
  expect(problem.detail).toBe(
    'message must be a string. history.1.role: role must be "user" or "assistant". ' +
      "history.1.content: content must be a string. And 1 more.",
  );
});

test("a password is never repeated in an error", async () => {
  const password = `secret\u0000${"x".repeat(100)}`;
  const reply = await server.post("/api/register/", { username: "bad name", password });
  const problem = await expectProblem(reply, 400, "invalid_request");
  expect(JSON.stringify(problem)).not.toContain("secret");
  expect((problem.errors as unknown[]).length).toBe(3);
});

test.each([
  ["/api/chat", "POST, OPTIONS"],
  ["/api/token_balance/", "GET, HEAD, OPTIONS"],
])("OPTIONS and 405 on %s name its methods", async (path, methods) => {
  const options = await fetch(server.url + path, { method: "OPTIONS" });
  expect([options.status, options.headers.get("allow"), await options.text()]).toEqual([204, methods, ""]);
  const refused = await fetch(server.url + path, { method: "DELETE" });
  expect([refused.status, refused.headers.get("allow")]).toEqual([405, methods]);
});

describe("when the AI fails", () => {
  const cases: [what: string, script: Parameters<FakeOpenAi["respond"]>[0], status: number, code: string][] =
    [
      ["refuses", failure(400), 502, "upstream_error"],
      ["knows no key", failure(401), 502, "upstream_error"],
      ["fails", failure(500), 502, "upstream_error"],
      ["hangs up", slam(), 502, "upstream_error"],
      ["is busy", failure(429, { headers: { "Retry-After": "7" } }), 503, "upstream_unavailable"],
    ];

  test.each(cases)(
    "and %s, nothing is charged and nothing of its text is told",
    async (what, script, status, code) => {
      const name = what.replaceAll(" ", ".");
      const theirs = await server.token(name);
      ai.respond(script);
      const reply = await server.post("/api/chat/", { message: "hi" }, { Authorization: `Bearer ${theirs}` });
      const problem = await expectProblem(reply, status, code);
      expect(JSON.stringify(problem)).not.toContain("Something is wrong");
      expect(reply.headers.get("retry-after")).toBe(code === "upstream_unavailable" ? "7" : null);
      expect(await server.balance(theirs)).toEqual({ tokens: 4000, held: 0 });
      const line = server.log.find((entry) => entry.account === name && entry.code === code);
      expect(line).toMatchObject({ level: "warn", status, cause: expect.stringContaining("upstream") });
    },
  );
});
