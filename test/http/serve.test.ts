import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { StartupError } from "../../src/server/core/startup-error.ts";
import { serve } from "../../src/server/serve.ts";
import { openTestServer, testConfig } from "../support/test-server.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-serve-"));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

test("a running server reports its URL, its store and its provider", async () => {
  const server = await openTestServer();
  closers.push(() => server.close());
  const { url, store, model, reason } = server.running;
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(store).toContain(server.dir);
  expect(model).not.toBe("");
  expect(reason).not.toBe("");
  expect((await readFile(join(server.dir, "address"), "utf8")).trim()).toBe(url);
});

test("a port in use is reported with a hint, and the folder is free again", async () => {
  const first = await openTestServer();
  closers.push(() => first.close());
  const dir = await folder();
  const failed = serve(testConfig(dir, { port: first.port }));
  await expect(failed).rejects.toBeInstanceOf(StartupError);
  await expect(failed).rejects.toMatchObject({
    message: expect.stringContaining(`${first.port}`),
    hint: expect.stringContaining(`--port ${first.port === 65535 ? 8000 : first.port + 1}`),
  });
  const second = await serve(testConfig(dir));
  await second.close();
});

test("an address that this machine does not have is reported with a hint", async () => {
  const failed = serve(testConfig(await folder(), { host: "192.0.2.1" }));
  await expect(failed).rejects.toMatchObject({
    name: "StartupError",
    hint: expect.stringContaining("--host"),
  });
});

test("a folder that a server uses is refused to another server", async () => {
  const first = await openTestServer();
  closers.push(() => first.close());
  await expect(serve(testConfig(first.dir))).rejects.toBeInstanceOf(StartupError);
  expect((await readFile(join(first.dir, "address"), "utf8")).trim()).toBe(first.url);
});

test("an invalid Postgres URL is reported without its password", async () => {
  const config = testConfig(await folder(), {
    store: { kind: "postgres", url: "postgres://u:secret@h h/d", connections: 2 },
  });
  const failed = serve(config);
  await expect(failed).rejects.toBeInstanceOf(StartupError);
  await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining("secret") });
});

test("a server on every address has a URL that works on this machine", async () => {
  const dir = await folder();
  const running = await serve(testConfig(dir, { host: "0.0.0.0" }));
  closers.push(() => running.close());
  expect(running.url).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
  const address = (await readFile(join(dir, "address"), "utf8")).trim();
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await fetch(`${address}/healthz`)).status).toBe(200);
});

test("tokens survive a restart, with the store's secret and with the operator's", async () => {
  for (const secrets of [undefined, ["one-secret-of-at-least-thirty-two-bytes"]]) {
    const dir = await folder();
    const first = await openTestServer({ store: { kind: "json", dir }, secrets });
    const token = await first.token("jane");
    await first.running.close();
    const second = await openTestServer({ store: { kind: "json", dir }, secrets });
    closers.push(
      () => first.close(),
      () => second.close(),
    );
    expect(await second.balance(token)).toEqual({ tokens: 4000, held: 0 });
  }
});
