import { beforeEach, afterEach, expect, test } from "vitest";
import { pseudonymOf } from "../../src/server/core/operations.ts";
import type { Passwords } from "../../src/server/core/credentials.ts";
import type { Provider } from "../../src/server/core/provider.ts";
import { gate, openWiredServer } from "./wired-server.ts";

/** What becomes of requests whose account an operator deletes, renames or closes. */

const act = { reason: null, by: "ops" };
let [hashing, hashed] = [gate(), gate()];
const passwords: Passwords = {
  async hash(password) {
    if (password === "slow to hash") {
      hashing.open();
      await hashed.opened;
    }
    return password;
  },
  matches: async (password, expected) => password === expected,
  close: async () => {},
};

let answering: ReturnType<typeof gate<string>>;
let asked: number;
let reached = gate();
const provider: Provider = {
  model: "m",
  answer: () => {
    asked += 1;
    reached.open();
    return answering.opened;
  },
  close: async () => {},
};
let server: Awaited<ReturnType<typeof openWiredServer>>;
let jane: string;

beforeEach(async () => {
  answering = gate<string>();
  [hashing, hashed] = [gate(), gate()];
  asked = 0;
  reached = gate();
  server = await openWiredServer({ provider, passwords });
  jane = (await server.store.accounts.byName("jane"))!.id;
});
afterEach(() => server.close());

const send = (path: string, body?: object, token = server.token, headers = {}) =>
  fetch(server.url + path, {
    method: body ? "POST" : "GET",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}`, ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
const ask = (token = server.token, key = "one") =>
  send("/api/chat", { message: "hi" }, token, { "Idempotency-Key": key });
async function told(reply: Response | Promise<Response>) {
  const { status, headers } = await reply;
  const { code, response } = (await (await reply).json()) as { code?: string; response?: string };
  return [status, code ?? response ?? null, headers.get("idempotent-replayed")];
}
const credentials = (username: string) => ({ username, password: "correct horse" });
async function logIn(username: string): Promise<string> {
  return ((await (await send("/api/login", credentials(username))).json()) as { token: string }).token;
}
async function whileAsking(work: () => Promise<unknown>) {
  const answer = told(ask());
  await reached.opened;
  expect((await server.balance()).held).toBe(100);
  await work();
  answering.open("Hello.");
  return answer;
}

test("a deleted account gets the answer that was under way, pays for it, and gets nothing more", async () => {
  const remove = () => server.store.operations.remove(jane, act);
  expect(await whileAsking(remove)).toEqual([200, "Hello.", null]);
  expect(await server.balance()).toEqual({ tokens: 3900, held: 0 });
  const ended = [401, "invalid_token", null];
  expect(await told(ask())).toEqual(ended);
  for (const path of ["/api/token_balance", "/api/usage"]) expect(await told(send(path))).toEqual(ended);
  expect(await told(send("/api/logout", {}))).toEqual(ended);
  for (const name of ["jane", pseudonymOf(jane)])
    expect(await told(send("/api/login", credentials(name)))).toEqual([401, "invalid_credentials", null]);
  expect(asked).toBe(1);
});

test("whoever takes the name of a deleted account gets nothing of it, and the old token is no good there", async () => {
  expect(await whileAsking(async () => {})).toEqual([200, "Hello.", null]);
  await server.store.operations.remove(jane, act);
  expect((await send("/api/register", credentials("jane"))).ok).toBe(true);
  const token = await logIn("jane");
  expect(await told(ask())).toEqual([401, "invalid_token", null]);
  expect(await told(ask(token))).toEqual([200, "Hello.", null]);
  expect(asked).toBe(2);
  expect((await server.balance()).tokens).toBe(3900);
});

test("a password that is being changed while its account is deleted is not", async () => {
  const change = { password: "correct horse", new_password: "slow to hash" };
  const changing = told(send("/api/password", change));
  await hashing.opened;
  await server.store.operations.remove(jane, act);
  hashed.open();
  expect(await changing).toEqual([401, "invalid_token", null]);
});

test("a renamed account keeps its token, its answers and its log-in, under the new name", async () => {
  const rename = () => server.store.operations.rename(jane, "joan", act);
  expect(await whileAsking(rename)).toEqual([200, "Hello.", null]);
  expect(await told(ask())).toEqual([200, "Hello.", "true"]);
  expect(await told(send("/api/login", credentials("jane")))).toEqual([401, "invalid_credentials", null]);
  expect(await told(ask(await logIn("joan"), "two"))).toEqual([200, "Hello.", null]);
  expect(await server.balance()).toEqual({ tokens: 3800, held: 0 });
  await expect.poll(() => server.log.at(-1)).toMatchObject({ account: "joan", tokens: 3800 });
});

test("a disabled account gets the answer that was under way, and its token is valid again once it is enabled", async () => {
  const disable = (disabled: boolean) => server.store.operations.setDisabled(jane, disabled, act);
  expect(await whileAsking(() => disable(true))).toEqual([200, "Hello.", null]);
  expect(await told(ask())).toEqual([403, "account_disabled", null]);
  await disable(false);
  expect(await told(ask())).toEqual([200, "Hello.", "true"]);
});

test("a password that the operator sets ends the tokens of before", async () => {
  const reset = () => server.store.operations.setPassword(jane, "another", act);
  expect(await whileAsking(reset)).toEqual([200, "Hello.", null]);
  expect(await told(ask())).toEqual([401, "invalid_token", null]);
  expect(await told(send("/api/login", credentials("jane")))).toEqual([401, "invalid_credentials", null]);
});
