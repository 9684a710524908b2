import { afterAll, beforeAll, expect, test } from "vitest";
import { newApiKey } from "../../src/protocol/api-key.ts";
import type { NewApiKey } from "../../src/server/core/api-keys.ts";
import { sha256 } from "../../src/server/core/sha256.ts";
import { openWiredServer } from "./wired-server.ts";

type Wired = Awaited<ReturnType<typeof openWiredServer>>;

let server: Wired;
let account: string;
let clock = Date.now();
beforeAll(async () => {
  const provider = { model: "small", answer: async () => "Yes.", close: async () => {} };
  server = await openWiredServer({ provider, now: () => clock });
  account = (await server.store.accounts.byName("jane"))!.id;
});
afterAll(() => server.close());

async function make(name: string, wishes: Partial<NewApiKey> = {}): Promise<string> {
  const key = newApiKey();
  const made = { id: name, account, name, digest: sha256(key), limit: null, expires: null, ...wishes };
  expect((await server.store.apiKeys!.create(made)).kind).toBe("created");
  return key;
}

const spentBy = async (name: string) =>
  (await server.store.apiKeys!.list(account)).find((key) => key.name === name)?.spent;

interface Sent {
  body?: object;
  head?: string;
}

function send(path: string, { body, head }: Sent): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    ...(body && { method: "POST", body: JSON.stringify(body) }),
    headers: {
      ...(body && { "Content-Type": "application/json" }),
      ...(head !== undefined && { Authorization: `Bearer ${head}` }),
    },
  });
}

const outcome = async (reply: Response) => {
  const text = await reply.text();
  const { code } = (text === "" ? {} : JSON.parse(text)) as { code?: string };
  return code === undefined ? String(reply.status) : `${reply.status} ${code}`;
};
const asks = async (sent: Sent) => outcome(await send("/api/chat/", sent));
const message = "Yes?";

test("an API key asks, in the head or the body, and the ledger names it", async () => {
  const key = await make("editor");
  const before = (await server.balance()).tokens;
  expect(await asks({ body: { message }, head: key })).toBe("200");
  expect(await asks({ body: { message, token: key } })).toBe("200");
  expect(await asks({ body: { message, token: key }, head: server.token })).toBe("400 conflicting_tokens");
  expect((await server.balance()).tokens).toBe(before - 200);
  expect(await spentBy("editor")).toBe(200);
  expect(server.log.some(({ api_key, account: name }) => api_key === "editor" && name === "jane")).toBe(true);
  expect(JSON.stringify(server.log)).not.toContain(key);
});

test("an API key reads the balance, the usage and the models, and does nothing else", async () => {
  const head = await make("reader");
  for (const path of ["/api/token_balance/", "/api/usage/", "/api/models/"])
    expect(await outcome(await send(path, { head })), path).toBe("200");
  const passwords = { password: "correct horse", new_password: "another horse" };
  for (const [path, body] of [
    ["/api/logout/", {}],
    ["/api/password/", passwords],
  ] as const)
    expect(await outcome(await send(path, { head, body })), path).toBe("403 key_not_allowed");
  // Before its body is read.
  const large = { message: "a".repeat(100_000) };
  expect(await outcome(await send("/api/password/", { head, body: large }))).toBe("403 key_not_allowed");
});

test("a key that is malformed, unknown, ended or expired is refused in words, in head and body", async () => {
  const ended = await make("ended");
  await server.store.apiKeys!.revoke(account, "ended");
  const expired = await make("expired", { expires: clock + 1000 });
  clock += 1000;
  const good = await make("good");
  for (const [key, words] of [
    [good.slice(0, -1), "well formed"],
    [newApiKey(), "unknown"],
    [ended, "ended"],
    [expired, "expired"],
  ] as const)
    for (const sent of [{ head: key, body: { message } }, { body: { message, token: key } }]) {
      const reply = await send("/api/chat/", sent);
      const { code, detail } = (await reply.json()) as { code: string; detail: string };
      expect([reply.status, code, detail]).toEqual([401, "invalid_token", expect.stringContaining(words)]);
    }
});

test("no key of a disabled account works until it is enabled", async () => {
  const head = await make("paused");
  await server.store.accounts.setDisabled(account, true);
  expect(await asks({ head, body: { message } })).toBe("403 account_disabled");
  await server.store.accounts.setDisabled(account, false);
  expect(await asks({ head, body: { message } })).toBe("200");
});

test("a key that ends while a question's body comes asks nothing", async () => {
  const head = await make("cut");
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const reply = fetch(`${server.url}/api/chat/`, {
    method: "POST",
    body: readable,
    duplex: "half",
    headers: { Authorization: `Bearer ${head}`, "Content-Type": "application/json" },
  } as RequestInit);
  const bytes = Buffer.from(JSON.stringify({ message }));
  await writer.write(bytes.subarray(0, 5));
  await server.store.apiKeys!.revoke(account, "cut");
  await writer.write(bytes.subarray(5));
  await writer.close();
  expect(await outcome(await reply)).toBe("401 invalid_token");
});

test("60 questions at once, by a key with a limit and by a token, spend both exactly", async () => {
  const head = await make("limited", { limit: { tokens: 700, per: "month" } });
  const { tokens } = await server.balance();
  const replies = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const isKey = index % 3 === 0;
      return { isKey, outcome: await asks({ body: { message }, head: isKey ? head : server.token }) };
    }),
  );
  const answered = replies.filter(({ outcome }) => outcome === "200");
  const byKey = answered.filter(({ isKey }) => isKey).length;
  expect(answered).toHaveLength(tokens / 100);
  expect(byKey).toBeGreaterThan(0);
  expect(byKey).toBeLessThanOrEqual(7);
  expect((await server.balance()).tokens).toBe(0);
  expect(await spentBy("limited")).toBe(byKey * 100);
});

test("a key beyond its limit is refused by name, and what it paid before is answered again", async () => {
  const { id } = (await server.store.accounts.byName("jane"))!;
  await server.store.ledger.grant({ id: "more", account: id, tokens: 1000, reason: "test" });
  const head = await make("once", { limit: { tokens: 100, per: "month" } });
  const ask = () =>
    fetch(`${server.url}/api/chat/`, {
      method: "POST",
      body: JSON.stringify({ message, token: head }),
      headers: { "Content-Type": "application/json", "Idempotency-Key": "first" },
    });
  expect((await ask()).status).toBe(200);
  const reply = await send("/api/chat/", { head, body: { message } });
  const { code, detail } = (await reply.json()) as { code: string; detail: string };
  expect([reply.status, code]).toEqual([402, "key_limit_reached"]);
  expect(detail).toContain("The API key once may spend 100 tokens a month");
  const completion = await send("/v1/chat/completions", {
    head,
    body: { messages: [{ role: "user", content: message }] },
  });
  const { error } = (await completion.json()) as { error: { code: string; message: string } };
  expect([completion.status, error.code, error.message]).toEqual([402, "insufficient_quota", detail]);
  expect(completion.headers.get("x-should-retry")).toBe("false");
  expect((await ask()).headers.get("Idempotent-Replayed")).toBe("true");
  expect(await spentBy("once")).toBe(100);
});
