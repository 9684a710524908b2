import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { readAddress } from "../../src/server/stores/json/address.ts";
import { disk } from "../../src/server/stores/json/disk.ts";
import { lockHolder } from "../../src/server/stores/json/lock.ts";
import { answer, openFakeOpenAi, silence, type Script } from "../support/openai-server.ts";
import { openTestServer } from "../support/test-server.ts";
import { openRawClient, rawQuestion, rawRequest } from "./raw-client.ts";
import { gate } from "./wired-server.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0).reverse()) await close();
});

async function setUp(script: Script, { drainTimeout = 10, drainDelay = 0 } = {}) {
  const ai = await openFakeOpenAi();
  ai.respond(script);
  const server = await openTestServer({ baseUrl: ai.url, drainTimeout, drainDelay });
  closers.push(
    () => ai.close(),
    () => server.close(),
  );
  return { ai, server, token: await server.token("jane") };
}

const EVENTS = { Accept: "text/event-stream" };

test("a stopping server is not ready, refuses questions, answers those in flight, and closes each connection", async () => {
  const release = gate();
  const { ai, server, token } = await setUp(answer(["Hel", release.opened, "lo"]));
  const plain = await openRawClient(server.port);
  plain.send(rawQuestion(token));
  const streamed = await openRawClient(server.port);
  streamed.send(rawQuestion(token, EVENTS));
  await Promise.all([ai.arrived(2), streamed.until("Hel")]);
  const idle = await openRawClient(server.port);
  idle.send(rawRequest("GET", "/healthz"));
  await idle.until('"ok"');

  const closing = server.running.close();
  await vi.waitUntil(() => !existsSync(join(server.dir, "address")), { timeout: 30_000 });
  const ready = await fetch(`${server.url}/readyz`);
  expect([ready.status, ready.headers.get("connection")]).toEqual([503, "close"]);
  expect(await ready.json()).toMatchObject({ code: "shutting_down" });
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  const refused = await server.post("/api/chat/", { message: "hi" }, { Authorization: `Bearer ${token}` });
  expect([refused.status, await refused.json()]).toMatchObject([503, { code: "shutting_down" }]);
  expect((await server.balance(token)).held).toBe(200);

  release.open();
  const reply = await plain.ended();
  expect(reply).toContain('{"response":"Hello","tokens_deducted":100}');
  expect(reply).toMatch(/^connection: close\r$/im);
  expect(await streamed.ended()).toContain("event: done");
  await idle.ended();
  await closing;
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow("fetch failed");
});

test("a server with a drain delay serves everything before the drain, and only says that it is not ready", async () => {
  const release = gate();
  const { ai, server, token } = await setUp(answer([release.opened, "Hello"]), { drainDelay: 3600 });
  const slow = await openRawClient(server.port);
  slow.send(rawQuestion(token));
  await ai.arrived(1);
  const kept = await openRawClient(server.port);
  kept.send(rawRequest("GET", "/readyz"));
  await kept.until('"ready"');
  const hurry = new AbortController();
  const leaving = server.running.leave(hurry.signal);

  ai.respond(answer("Yes."));
  kept.send(rawRequest("GET", "/readyz"));
  await kept.until('"code":"shutting_down"');
  kept.send(rawQuestion(token));
  await kept.until('{"response":"Yes.","tokens_deducted":100}');
  kept.send(rawQuestion(token, EVENTS));
  expect(await kept.until("event: done")).not.toMatch(/^connection: close\r$/im);
  expect(await server.token("joe")).toEqual(expect.any(String));
  expect(existsSync(join(server.dir, "address"))).toBe(true);

  hurry.abort();
  await leaving;
  const onItsWay = await openRawClient(server.port);
  const closing = server.running.close();
  for (const open of [kept, onItsWay]) open.send(rawQuestion(token));
  const refuses = () =>
    openRawClient(server.port).then(
      (client) => client.vanish(),
      (error: Error) => error.message.includes("ECONNREFUSED"),
    );
  await vi.waitUntil(refuses, { timeout: 30_000 });
  for (const open of [kept, onItsWay]) {
    const last = (await open.ended()).slice(-400);
    expect(last).toContain('{"response":"Yes.","tokens_deducted":100}');
    expect(last).toMatch(/^connection: close\r$/im);
  }
  release.open();
  const reply = await slow.ended();
  expect(reply).toContain('{"response":"Hello","tokens_deducted":100}');
  expect(reply).toMatch(/^connection: close\r$/im);
  await closing;
});

test("a drain delay ends by itself, and the drain follows", async () => {
  const times = { drainDelay: 0.02, drainTimeout: 0.02 };
  const { ai, server, token } = await setUp(answer([new Promise(() => {})]), times);
  const slow = await openRawClient(server.port);
  slow.send(rawQuestion(token));
  await ai.arrived(1);
  await server.running.leave(new AbortController().signal);
  await server.running.close();
  expect(await slow.ended()).toMatch(/^HTTP\/1.1 503 [^]*"code":"shutting_down"/);
});

// Who is refused looks for the next server of the folder, and would find this one again.
test("a stopping server refuses and ends no question before it is no longer found as the server of its folder", async () => {
  const { ai, server, token } = await setUp(answer([new Promise(() => {})]), { drainTimeout: 0 });
  const slow = await openRawClient(server.port);
  slow.send(rawQuestion(token));
  await ai.arrived(1);
  const removed = gate();
  vi.spyOn(disk, "remove").mockImplementation(async (path) => {
    await removed.opened;
    await rm(path);
  });
  const closing = server.running.close();
  await vi.waitUntil(async () => (await fetch(`${server.url}/readyz`)).status === 503, { timeout: 30_000 });
  ai.respond(answer("Yes."));
  const asked = await server.post("/api/chat/", { message: "hi" }, { Authorization: `Bearer ${token}` });
  expect(await asked.json()).toMatchObject({ response: "Yes." });
  expect(server.running.inFlight).toBe(1);
  removed.open();
  await closing;
  expect(await slow.ended()).toMatch(/^HTTP\/1.1 503 [^]*"code":"shutting_down"/);
});

test("a stopping server is no longer found as the server of its folder", async () => {
  const release = gate();
  const { ai, server, token } = await setUp(answer([release.opened, "Hello"]));
  const plain = await openRawClient(server.port);
  plain.send(rawQuestion(token));
  await ai.arrived(1);
  const closing = server.running.close();
  await vi.waitUntil(async () => (await readAddress(server.dir)) === undefined, { timeout: 30_000 });
  expect(await lockHolder(server.dir)).toBe(true);
  release.open();
  expect(await plain.ended()).toContain('"response":"Hello"');
  await closing;
  expect(await lockHolder(server.dir)).toBe(false);
});

test("a question that is not answered within the drain time gets an error and costs nothing", async () => {
  const { ai, server, token } = await setUp(answer(["Hel", new Promise(() => {})]), { drainTimeout: 0.1 });
  const plain = await openRawClient(server.port);
  plain.send(rawQuestion(token));
  const streamed = await openRawClient(server.port);
  streamed.send(rawQuestion(token, EVENTS));
  await Promise.all([ai.arrived(2), streamed.until("Hel")]);
  await server.running.close();
  expect(await plain.ended()).toMatch(/^HTTP\/1.1 503 [^]*"code":"shutting_down"/);
  expect(await streamed.ended()).toMatch(/event: error\ndata: \{[^\n]*"code":"shutting_down"/);

  const again = await openTestServer({ store: { kind: "json", dir: server.dir } });
  closers.push(() => again.close());
  expect(await again.balance(token)).toEqual({ tokens: 4000, held: 0 });
});

test("a question whose client has left does not delay the stop", async () => {
  const { ai, server, token } = await setUp(silence());
  const client = await openRawClient(server.port);
  client.send(rawQuestion(token));
  await ai.arrived(1);
  client.vanish();
  await (
    await ai.arrived(1)
  ).hungUp;
  await server.running.close();
  expect(server.log.find(({ left }) => left)).toMatchObject({ status: 499 });
});

test("a stopped server leaves its folder free and without an address", async () => {
  const { server } = await setUp(answer("ok"));
  expect(existsSync(join(server.dir, "address"))).toBe(true);
  const closing = server.running.close();
  expect(server.running.close()).toBe(closing);
  await closing;
  expect(existsSync(join(server.dir, "address"))).toBe(false);
  const next = await openTestServer({ store: { kind: "json", dir: server.dir } });
  closers.push(() => next.close());
  expect(next.running.store).toContain(server.dir);
});
