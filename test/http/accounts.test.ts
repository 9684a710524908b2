import { afterEach, beforeEach, expect, test } from "vitest";
import type { Provider } from "../../src/server/core/provider.ts";
import { openRawClient, rawQuestion } from "./raw-client.ts";
import { gate, openWiredServer } from "./wired-server.ts";

/** What an operator's deeds and a store's state do to requests. */

const answering = gate<string>();
const provider: Provider = { model: "m", answer: () => answering.opened, close: async () => {} };
let server: Awaited<ReturnType<typeof openWiredServer>>;

beforeEach(async () => {
  server = await openWiredServer({ provider });
});
afterEach(() => server.close());

const post = (path: string, body: object) =>
  fetch(server.url + path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${server.token}` },
    body: JSON.stringify(body),
  });
const told = async (reply: Response) => {
  const { code } = (await reply.json()) as { code?: string };
  return [reply.status, code];
};
const jane = async () => (await server.store.accounts.byName("jane"))!;

test("a disabled account is refused, and named as disabled only with the right password", async () => {
  await server.store.accounts.setDisabled((await jane()).id, true);
  expect(await told(await post("/api/chat", { message: "hi" }))).toEqual([403, "account_disabled"]);
  expect(await told(await post("/api/login", { username: "jane", password: "correct horse" }))).toEqual([
    403,
    "account_disabled",
  ]);
  expect(await told(await post("/api/login", { username: "jane", password: "wrong" }))).toEqual([
    401,
    "invalid_credentials",
  ]);
});

test("a new password ends every older token", async () => {
  const { id: account, generation } = await jane();
  await server.store.accounts.setPassword({ account, generation, passwordHash: "another" });
  expect(await told(await post("/api/chat", { message: "hi" }))).toEqual([401, "invalid_token"]);
});

test("an account is checked before the fields of its question", async () => {
  await server.store.accounts.setDisabled((await jane()).id, true);
  expect(await told(await post("/api/chat", {}))).toEqual([403, "account_disabled"]);
});

test("a store that accepts nothing fails /readyz and questions, but not /healthz", async () => {
  await server.store.close();
  for (const refused of [await fetch(`${server.url}/readyz`), await post("/api/chat", { message: "hi" })]) {
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await told(refused)).toEqual([503, "store_unavailable"]);
  }
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

test("a client that closes only its sending side is not charged for an answer that it does not get", async () => {
  const client = await openRawClient(server.port);
  client.send(rawQuestion(server.token));
  client.finish();
  const came = await client.ended();
  while ((await server.balance()).held > 0) await new Promise(setImmediate);
  expect(came).toBe("");
  expect(await server.balance()).toEqual({ tokens: 4000, held: 0 });
});
