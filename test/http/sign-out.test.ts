import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { serve, type RunningServer } from "../../src/server/serve.ts";
import { answer } from "../support/openai-server.ts";
import { PASSWORD, testConfig } from "../support/test-server.ts";
import { openServerWithAi } from "../support/server-with-ai.ts";
import { gate } from "./wired-server.ts";

/** POST /api/logout/ and POST /api/password/ (docs/http-api.md#log-out). */

const { ai, server } = openServerWithAi();
const NEW = "a battery staple";
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const told = async (reply: Response) => {
  const { code } = (await reply.json()) as { code?: string };
  return [reply.status, code];
};
const balance = (token: string, { url } = server as { url: string }) =>
  fetch(`${url}/api/token_balance/`, { headers: bearer(token) });
const isValid = async (token: string, at?: { url: string }) => (await balance(token, at)).status === 200;
const logIn = async (username: string, password: string) => {
  const reply = await server.post("/api/login/", { username, password });
  return ((await reply.json()) as { token: string }).token;
};
const change = (token: string, password: unknown, newPassword: unknown) =>
  server.post("/api/password/", { password, new_password: newPassword }, bearer(token));

describe("logging out", () => {
  test.each(["", "/"])("ends only this token, with %j at the end of the path", async (slash) => {
    const name = `jane${slash && "2"}`;
    const [token, other] = [await server.token(name), await logIn(name, PASSWORD)];
    const reply = await fetch(`${server.url}/api/logout${slash}`, {
      method: "POST",
      headers: bearer(token),
    });
    expect([reply.status, await reply.text()]).toEqual([204, ""]);
    expect(await told(await balance(token))).toEqual([401, "invalid_token"]);
    expect(await told(await server.post("/api/logout/", {}, bearer(token)))).toEqual([401, "invalid_token"]);
    expect(await isValid(other)).toBe(true);
  });

  test("takes the token only from the header", async () => {
    const token = await server.token("header");
    const reply = await server.post("/api/logout/", { token });
    expect(reply.headers.get("www-authenticate")).toBe('Bearer realm="ai-chat"');
    expect(await told(reply)).toEqual([401, "missing_token"]);
    expect(await isValid(token)).toBe(true);
  });

  test("does not affect questions in flight", async () => {
    const token = await server.token("asks");
    const answering = gate();
    ai.respond(answer([answering.opened, "Late."]));
    const question = server.post("/api/chat/", { message: "hi" }, bearer(token));
    await ai.arrived(1);
    expect((await server.post("/api/logout/", {}, bearer(token))).status).toBe(204);
    answering.open();
    const reply = await question;
    expect([reply.status, await reply.json()]).toEqual([200, { response: "Late.", tokens_deducted: 100 }]);
    expect((await balance(await logIn("asks", PASSWORD))).status).toBe(200);
  });
});

describe("a new password", () => {
  test.each(["", "/"])("is the only valid one, with %j at the end of the path", async (slash) => {
    const name = `joe${slash && "2"}`;
    const old = [await server.token(name), await logIn(name, PASSWORD), await logIn(name, PASSWORD)];
    const reply = await server.post(
      `/api/password${slash}`,
      { password: PASSWORD, new_password: NEW },
      bearer(old[0]!),
    );
    const text = await reply.text();
    expect([reply.status, text]).toEqual([200, expect.stringMatching(/^\{"token":"[\w.-]+"\}$/)]);
    expect(reply.headers.get("content-type")).toBe("application/json");
    const { token } = JSON.parse(text) as { token: string };
    expect(await Promise.all([token, ...old].map((one) => isValid(one)))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(await told(await server.post("/api/login/", { username: name, password: PASSWORD }))).toEqual([
      401,
      "invalid_credentials",
    ]);
    expect(await isValid(await logIn(name, NEW))).toBe(true);
  });

  test("is refused with the wrong old one, and nothing changes", async () => {
    const token = await server.token("wrong");
    const reply = await change(token, "wrong horse", NEW);
    expect(reply.headers.get("www-authenticate")).toBeNull();
    expect(await told(reply)).toEqual([401, "invalid_credentials"]);
    expect(await isValid(token)).toBe(true);
    expect(await isValid(await logIn("wrong", PASSWORD))).toBe(true);
  });

  test("has the rules of a registration, reported under its own field name", async () => {
    const token = await server.token("rules");
    for (const bad of ["short", "x".repeat(73), "with\0inside", "\ud800 lone surrogate", 12345678]) {
      const reply = await change(token, PASSWORD, bad);
      const problem = (await reply.json()) as { errors: { field: string; detail: string }[] };
      expect([reply.status, problem.errors.map(({ field }) => field)]).toEqual([400, ["new_password"]]);
      expect(problem.errors[0]?.detail).toMatch(/^new_password must /);
    }
    const reply = await server.post("/api/password/", {}, bearer(token));
    const { code, errors } = (await reply.json()) as { code: string; errors: unknown };
    expect([reply.status, code, errors]).toEqual([
      400,
      "invalid_request",
      [
        { field: "password", detail: "password is required." },
        { field: "new_password", detail: "new_password is required." },
      ],
    ]);
    expect(await isValid(token)).toBe(true);
  });

  test("is set by one of many concurrent requests with the same old one", async () => {
    const token = await server.token("race");
    const wishes = Array.from({ length: 6 }, (_, index) => `new password ${index}`);
    const replies = await Promise.all(wishes.map((wish) => change(token, PASSWORD, wish)));
    const winner = replies.findIndex(({ status }) => status === 200);
    const statuses = replies.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([200, 401, 401, 401, 401, 401]);
    const codes = await Promise.all(replies.filter((reply) => reply.status === 401).map(told));
    expect(codes).toEqual(codes.map(() => [401, "invalid_token"]));
    const { token: fresh } = (await replies[winner]!.json()) as { token: string };
    expect(await isValid(fresh)).toBe(true);
    expect(await isValid(await logIn("race", wishes[winner]!))).toBe(true);
  });

  test("is in no line of the log, nor is the old one", async () => {
    const token = await server.token("log");
    await change(token, PASSWORD, "never to be written");
    await change(token, "nor is this one", "never to be written");
    const written = JSON.stringify(server.log);
    expect(written).toContain("/api/password/");
    for (const secret of ["never to be written", "nor is this one", PASSWORD, token])
      expect(written).not.toContain(secret);
  });
});

test.each([
  ["/api/logout", "GET", 405, "HEAD", "POST, OPTIONS"],
  ["/api/password/", "GET", 405, "HEAD", "POST, OPTIONS"],
  ["/api/usage/", "POST", 405, "PUT", "GET, HEAD, OPTIONS"],
])("%s takes no other method", async (path, method, status, another, allow) => {
  for (const wrong of [method, another]) {
    const reply = await fetch(server.url + path, { method: wrong });
    expect([reply.status, reply.headers.get("allow")]).toEqual([status, allow]);
  }
  const options = await fetch(server.url + path, { method: "OPTIONS" });
  expect([options.status, options.headers.get("allow")]).toEqual([204, allow]);
});

test.each(["/api/logout/", "/api/password/"])(
  "%s looks at token, media type, size, JSON and fields, in this order",
  async (path) => {
    const token = await server.token("order");
    const send = async (body: string, headers: Record<string, string>) =>
      told(await fetch(server.url + path, { method: "POST", headers, body }));
    const big = "x".repeat(16 * 1024 + 1);
    const json = { "Content-Type": "application/json" };
    const text = { "Content-Type": "text/plain" };
    expect(await send(big, text)).toEqual([401, "missing_token"]);
    expect(await send(big, { ...text, ...bearer("nonsense") })).toEqual([401, "invalid_token"]);
    expect(await send(big, { ...text, ...bearer(token) })).toEqual([415, "unsupported_media_type"]);
    expect(await send(big, { ...json, ...bearer(token) })).toEqual([413, "payload_too_large"]);
    expect(await send("{", { ...json, ...bearer(token) })).toEqual([400, "invalid_json"]);
  },
);

test("tokens that ended stay invalid after a restart", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-again-"));
  const start = () => serve(testConfig(dir, { log: "silent" }));
  let running: RunningServer = await start();
  const call = async (path: string, body: object, token?: string) => {
    const headers = { "Content-Type": "application/json", ...(token !== undefined && bearer(token)) };
    const reply = await fetch(running.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    return (await reply.json().catch(() => ({}))) as { token?: string };
  };
  const enter = async (username: string) =>
    (await call("/api/login", { username, password: PASSWORD })).token ?? "";
  for (const username of ["jane", "joe"]) await call("/api/register", { username, password: PASSWORD });
  const [gone, kept, changed] = [await enter("jane"), await enter("jane"), await enter("joe")];
  await call("/api/logout", {}, gone);
  const { token: fresh = "" } = await call(
    "/api/password",
    { password: PASSWORD, new_password: NEW },
    changed,
  );
  const tokens = [gone, kept, changed, fresh];
  await running.close();
  running = await start();
  expect(await Promise.all(tokens.map((token) => isValid(token, running)))).toEqual([
    false,
    true,
    false,
    true,
  ]);
  await running.close();
  await rm(dir, { recursive: true, force: true });
});
