import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { serve, type RunningServer } from "../../src/server/serve.ts";
import { after, answer, openFakeOpenAi, type FakeOpenAi } from "../support/openai-server.ts";
import { PASSWORD, testConfig, testModel } from "../support/test-server.ts";
import { gate } from "./wired-server.ts";

/** docs/server.md#read-the-configuration-again */

let ai: FakeOpenAi;
let dir: string;
let server: RunningServer;
beforeEach(async () => {
  ai = await openFakeOpenAi();
  dir = await mkdtemp(join(tmpdir(), "ai-chat-reload-"));
});
afterEach(async () => {
  await server.close();
  await ai.close();
  await rm(dir, { recursive: true, force: true });
});

const configOf = (price: number, upstream = "old") =>
  testConfig(dir, {
    provider: undefined,
    models: [testModel({ name: "small", upstream, baseUrl: ai.url, price })],
  });

async function post(path: string, body: object, headers: Record<string, string> = {}) {
  const reply = await fetch(`${server.url}/api/${path}/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return [reply.status, await reply.json()] as const;
}

/** A new account that can ask. */
async function asker() {
  const jane = { username: "jane", password: PASSWORD };
  await post("register", jane);
  const [, { token }] = (await post("login", jane)) as [number, { token: string }];
  return (body: object = {}) =>
    post("chat", { message: "hello", ...body }, { Authorization: `Bearer ${token}` });
}

test("a question under way keeps its model and price, and its connection is closed when it has ended", async () => {
  server = await serve(configOf(100));
  const ask = await asker();
  const release = gate();
  ai.respond(after(release.opened, answer("Old.")));
  const asking = ask();
  await ai.arrived(1);
  expect(await server.reload(configOf(7, "new"))).toEqual([]);
  ai.respond(answer("New."));
  expect(await ask()).toEqual([200, { response: "New.", tokens_deducted: 7 }]);
  expect(ai.connections()).toBe(2);
  release.open();
  expect(await asking).toEqual([200, { response: "Old.", tokens_deducted: 100 }]);
  await expect.poll(() => ai.connections()).toBe(1);
  expect(ai.requests.map(({ body }) => body.model)).toEqual(["old", "new"]);
});

test("models whose AI cannot be connected change nothing", async () => {
  server = await serve(configOf(100));
  const ask = await asker();
  const broken = testConfig(dir, {
    provider: "openai",
    models: [testModel({ name: "new", baseUrl: ai.url }), testModel({ name: "keyless" })],
  });
  await expect(server.reload(broken)).rejects.toMatchObject({ name: "StartupError" });
  expect(await ask({ model: "small" })).toMatchObject([200, { tokens_deducted: 100 }]);
});

test("two changes at once come one after the other, and a server that stops waits for them", async () => {
  server = await serve(configOf(100));
  const ask = await asker();
  const changes = [server.reload(configOf(1)), server.reload(configOf(2))];
  await Promise.all(changes);
  expect(await ask()).toMatchObject([200, { tokens_deducted: 2 }]);
  const late = server.reload(configOf(3));
  await server.close();
  expect(await late).toEqual([]);
  await expect.poll(() => ai.connections()).toBe(0);
});

test("signing secrets are taken: the first signs, and tokens of one that was removed end", async () => {
  const [old, next] = ["old", "new"].map((name) => name.padEnd(32, "."));
  const configWith = (...secrets: (string | undefined)[]) => ({
    ...configOf(100),
    secrets: secrets.map(String),
  });
  server = await serve(configWith(old));
  const before = await asker();
  expect(await server.reload(configWith(next, old))).toEqual([]);
  const [, { token }] = (await post("login", { username: "jane", password: PASSWORD })) as [
    number,
    { token: string },
  ];
  const after = () => post("chat", { message: "hello" }, { Authorization: `Bearer ${token}` });
  expect([(await before())[0], (await after())[0]]).toEqual([200, 200]);
  await server.reload(configWith(next));
  expect([(await before())[0], (await after())[0]]).toEqual([401, 200]);
});
