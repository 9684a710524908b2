import { expect, onTestFinished, test } from "vitest";
import { openPasswords } from "../../src/server/auth/passwords.ts";
import { PASSWORD } from "../support/test-server.ts";
import { gate, openWiredServer } from "./wired-server.ts";

const HOME = "192.0.2.1";
const AWAY = "192.0.2.2";
const STRANGER = "203.0.113.1";

/** A server without limits, so that only its queue of passwords protects it. Jack and john are known at home. */
async function open() {
  const passwords = openPasswords({ cost: 4, threads: 1, maxQueue: 32 });
  const provider = { model: "m", answer: async () => "", close: async () => {} };
  const server = await openWiredServer({ provider, passwords, trustProxy: 1 });
  onTestFinished(async () => {
    await server.close();
    await passwords.close();
  });
  const send = (path: string, body: object, address: string, headers = {}) =>
    fetch(server.url + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Forwarded-For": address, ...headers },
      body: JSON.stringify(body),
    });
  const logIn = async (username: string, password: string, address: string) => {
    const reply = await send("/api/login/", { username, password }, address);
    const { token = "" } = (await reply.json()) as { token?: string };
    return { status: reply.status, token };
  };
  for (const username of ["jack", "john"])
    await send("/api/register/", { username, password: PASSWORD }, HOME);
  const { token } = await logIn("john", PASSWORD, HOME);

  /** Wrong passwords on a hundred connections. Whoever is refused comes back when the next one was judged. */
  async function flood(nameOf: (connection: number) => string, address: string) {
    const refused: (() => void)[] = [];
    const full = gate();
    const over = new AbortController();
    async function attack(_: unknown, connection: number): Promise<void> {
      while (!over.signal.aborted) {
        const { status } = await logIn(nameOf(connection), "wrong", address);
        if (status === 401) refused.shift()?.();
        else {
          full.open();
          await new Promise<void>((resolve) => refused.push(resolve));
        }
      }
      refused.shift()?.();
    }
    const attackers = Array.from({ length: 100 }, attack);
    await full.opened;
    return async () => {
      over.abort();
      await Promise.all(attackers);
    };
  }

  async function statuses(times: number, request: () => Promise<{ status: number }>) {
    const all: number[] = [];
    for (let time = 0; time < times; time += 1) all.push((await request()).status);
    return all;
  }

  return { send, logIn, flood, statuses, token };
}

const ten = Array(10).fill(200);

test("a flood of wrong passwords for one name leaves room for other names, even at the same address", async () => {
  const { logIn, flood, statuses } = await open();
  const end = await flood(() => "jane", STRANGER);
  expect(await statuses(10, () => logIn("john", PASSWORD, STRANGER))).toEqual(ten);
  await end();
});

test("a flood of wrong passwords for many names leaves room for other addresses", async () => {
  const { logIn, flood, statuses } = await open();
  const end = await flood((connection) => `name${connection}`, STRANGER);
  expect(await statuses(10, () => logIn("jack", PASSWORD, AWAY))).toEqual(ten);
  await end();
});

test("a flood from where somebody is known leaves room for them, and for whoever is signed in", async () => {
  const { send, logIn, flood, statuses, token } = await open();
  const end = await flood((connection) => `name${connection}`, HOME);
  expect(await statuses(10, () => logIn("jack", PASSWORD, HOME))).toEqual(ten);
  let last = token;
  const change = async () => {
    const body = { password: PASSWORD, new_password: PASSWORD };
    const reply = await send("/api/password/", body, STRANGER, { Authorization: `Bearer ${last}` });
    ({ token: last } = (await reply.json()) as { token: string });
    return reply;
  };
  expect(await statuses(10, change)).toEqual(ten);
  await end();
});
