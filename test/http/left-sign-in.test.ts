import { afterEach, beforeEach, expect, test } from "vitest";
import type { Passwords } from "../../src/server/core/credentials.ts";
import type { StopSignal } from "../../src/server/core/stop.ts";
import { openRawClient, rawRequest } from "./raw-client.ts";
import { gate, openWiredServer } from "./wired-server.ts";

/** Passwords that wait in a queue, for as long as their clients do. */
function queued() {
  let jobs = 0;
  const full = gate();
  const wait = (signal?: StopSignal) => {
    jobs += 1;
    full.open();
    return new Promise<never>((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  };
  const passwords: Passwords = {
    hash: (_password, turn) => wait(turn?.signal),
    matches: (_password, _hash, turn) => wait(turn?.signal),
    close: async () => {},
  };
  return { passwords, asked: () => full.opened, jobs: () => jobs };
}

let queue: ReturnType<typeof queued>;
let server: Awaited<ReturnType<typeof openWiredServer>>;
beforeEach(async () => {
  queue = queued();
  const provider = { model: "m", answer: async () => "", close: async () => {} };
  server = await openWiredServer({ provider, passwords: queue.passwords });
});
afterEach(() => server.close());

const leftLines = async (count: number) => {
  for (;;) {
    const lines = server.log.filter(({ left }) => left);
    if (lines.length >= count) return lines;
    await new Promise(setImmediate);
  }
};

const credentials = { username: "jill", password: "battery staple" };

test.each([
  ["login", credentials],
  ["register", credentials],
  ["password", { password: "correct horse", new_password: "battery staple" }],
])("%s is dropped from the queue when its client leaves", async (name, body) => {
  const client = await openRawClient(server.port);
  client.send(rawRequest("POST", `/api/${name}/`, { Authorization: `Bearer ${server.token}` }, body));
  await queue.asked();
  client.vanish();
  expect(await leftLines(1)).toMatchObject([{ path: `/api/${name}/`, status: 499 }]);
  expect(await server.store.accounts.byName("jill")).toBeUndefined();
  expect(await server.store.accounts.byName("jane")).toMatchObject({ generation: 1 });
});

test("pipelined logins of one connection take one place in the queue", async () => {
  const client = await openRawClient(server.port);
  client.send(rawRequest("POST", "/api/login/", {}, credentials).repeat(3));
  await queue.asked();
  client.vanish();
  expect(await leftLines(3)).toHaveLength(3);
  expect(queue.jobs()).toBe(1);
});
