import { afterAll, beforeAll, expect, test } from "vitest";
import { isApiKey } from "../../src/protocol/api-key.ts";
import { API_KEYS } from "../../src/server/core/api-keys.ts";
import { openTestServer, PASSWORD, type TestServer } from "../support/test-server.ts";

let server: TestServer;
let token: string;
beforeAll(async () => {
  server = await openTestServer();
  token = await server.token("jane");
});
afterAll(() => server.close());

const bearer = (as: string) => ({ Authorization: `Bearer ${as}` });
const create = (body: unknown, as = token) => server.post("/api/keys/", body, bearer(as));
const get = (path: string, as = token) => fetch(`${server.url}${path}`, { headers: bearer(as) });
const revoke = (id: string, as = token) =>
  fetch(`${server.url}/api/keys/${id}`, { method: "DELETE", headers: bearer(as) });

interface Made {
  id: string;
  key: string;
}
const made = async (body: unknown, as = token) => (await (await create(body, as)).json()) as Made;
const codeOf = async (reply: Response) => {
  const { code, errors = [] } = (await reply.json()) as { code: string; errors?: { field: string }[] };
  return [reply.status, code, ...errors.map(({ field }) => field)].join(" ");
};
const keysOf = async (as = token) =>
  ((await (await get("/api/keys", as)).json()) as { keys: Record<string, unknown>[] }).keys;

test("a key is made, asks, is listed with what it spent, and ends", async () => {
  const expires_at = "2999-12-31T00:00:00+01:00";
  // A month: a day could end during the test.
  const limit = { tokens: 1000, per: "month" };
  const reply = await create({ name: " editor ", limit, expires_at });
  expect(reply.status).toBe(201);
  const { id, key, created_at, ...rest } = (await reply.json()) as Made & { created_at: string };
  expect(isApiKey(key)).toBe(true);
  expect(created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(rest).toEqual({ name: "editor", limit, expires_at: "2999-12-30T23:00:00Z" });
  const fresh = { id, ...rest, spent: 0, created_at, last_used_at: null };
  expect(await keysOf()).toEqual([fresh]);

  const asked = await server.post("/api/chat/", { message: "hi" }, bearer(key));
  expect(asked.status).toBe(200);
  const [used] = await keysOf();
  expect(used).toEqual({ ...fresh, spent: 100, last_used_at: expect.stringMatching(/Z$/) });
  const usage = async (by: string) => (await (await get(`/api/usage/?days=2&by=${by}`)).json()) as object;
  expect(await usage("key")).toMatchObject({ keys: [{ name: "editor", questions: 1, tokens: 100 }] });
  expect(await usage("model")).toMatchObject({ models: [{ questions: 1, tokens: 100 }] });
  for (const query of ["by=day", "by=key&by=model", "by="])
    expect(await codeOf(await get(`/api/usage/?${query}`)), query).toBe("400 invalid_request by");

  for (const reply of [create({ name: "more" }, key), get("/api/keys/", key), revoke(id, key)])
    expect(await codeOf(await reply)).toBe("403 key_not_allowed");
  const stranger = await server.token("joe");
  expect(await codeOf(await revoke(id, stranger))).toBe("404 not_found");
  const ended = await revoke(id);
  expect([ended.status, await ended.text()]).toEqual([204, ""]);
  expect(await codeOf(await revoke(id))).toBe("404 not_found");
  expect(await codeOf(await server.post("/api/chat/", { message: "hi" }, bearer(key)))).toBe(
    "401 invalid_token",
  );
  expect(await keysOf()).toEqual([]);
  expect(JSON.stringify(server.log)).not.toContain(key);
});

test("wrong fields of a key are named", async () => {
  const limit = { tokens: 100, per: "day" };
  for (const [body, fields] of [
    [{}, "name"],
    [{ name: " " }, "name"],
    [{ name: "x".repeat(65) }, "name"],
    [{ name: "a\nb" }, "name"],
    [{ name: 1 }, "name"],
    [{ name: "a", limit: { tokens: 0, per: "day" } }, "limit.tokens"],
    [{ name: "a", limit: { tokens: 1.5, per: "day" } }, "limit.tokens"],
    [{ name: "a", limit: { tokens: 1, per: "year" } }, "limit.per"],
    [{ name: "a", limit: { ...limit, more: 1 } }, "limit"],
    [{ name: "a", limit: 100 }, "limit"],
    [{ name: "a", expires_at: "2020-01-01T00:00:00Z" }, "expires_at"],
    [{ name: "a", expires_at: "2999-12-31" }, "expires_at"],
    [{ name: "a", expires_at: 1 }, "expires_at"],
    [{ name: "a", scope: "chat" }, ""],
  ] as const)
    expect(await codeOf(await create(body)), JSON.stringify(body)).toBe(`400 invalid_request ${fields}`);
  expect(await keysOf()).toEqual([]);
});

test("a name is unique in its account in any case, and an account has at most 100 keys, 200 a day", async () => {
  const jim = await server.token("jim");
  const names = Array.from({ length: API_KEYS }, (_, index) => `Key ${index}`);
  const makeAll = async () => {
    const replies = await Promise.all(names.map((name) => create({ name }, jim)));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]));
  };
  await makeAll();
  expect(await codeOf(await create({ name: "KEY 1" }, jim))).toBe("409 key_name_taken");
  expect(await codeOf(await create({ name: "one more" }, jim))).toBe("400 invalid_request");
  expect((await create({ name: "Key 1" })).status).toBe(201);

  // Keys that have ended stay in the store, so only so many are made.
  const endAll = async () => Promise.all((await keysOf(jim)).map(({ id }) => revoke(String(id), jim)));
  await endAll();
  await makeAll();
  await endAll();
  const late = await create({ name: "one more" }, jim);
  expect(late.headers.get("ratelimit-policy")).toBe('"keys";q=200;w=86400');
  expect(await codeOf(late)).toBe("429 rate_limited");
});

test("a new password keeps the keys, or ends them if asked to", async () => {
  let as = await server.token("ann");
  const { key } = await made({ name: "script" }, as);
  const change = async (more: object) => {
    const body = { password: PASSWORD, new_password: PASSWORD, ...more };
    ({ token: as } = (await (await server.post("/api/password/", body, bearer(as))).json()) as {
      token: string;
    });
    return (await get("/api/token_balance/", key)).status;
  };
  expect(await change({})).toBe(200);
  expect(await change({ revoke_keys: false })).toBe(200);
  expect(await change({ revoke_keys: true })).toBe(401);
  expect(await keysOf(as)).toEqual([]);
});

test("keys need a token, and their paths name their methods", async () => {
  expect((await fetch(`${server.url}/api/keys/`)).status).toBe(401);
  const put = await fetch(`${server.url}/api/keys/1`, { method: "PUT" });
  expect([put.status, put.headers.get("allow")]).toEqual([405, "DELETE, OPTIONS"]);
});

test("no key is made with a token that ended while the request's body came", async () => {
  const before = await server.token("ann");
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const reply = fetch(`${server.url}/api/keys/`, {
    method: "POST",
    body: readable,
    duplex: "half",
    headers: { ...bearer(before), "Content-Type": "application/json" },
  } as RequestInit);
  const bytes = Buffer.from(JSON.stringify({ name: "late" }));
  await writer.write(bytes.subarray(0, 5));
  const passwords = { password: PASSWORD, new_password: `${PASSWORD} 2`, revoke_keys: true };
  const changed = await server.post("/api/password/", passwords, bearer(before));
  const { token: after } = (await changed.json()) as { token: string };
  await writer.write(bytes.subarray(5));
  await writer.close();
  expect(await codeOf(await reply)).toBe("401 invalid_token");
  expect(await keysOf(after)).toEqual([]);
});
