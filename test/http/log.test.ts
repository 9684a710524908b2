import fs from "node:fs";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createLog, prettyLine } from "../../src/server/log.ts";
import { openRawClient, rawQuestion } from "./raw-client.ts";
import { gate, openWiredServer } from "./wired-server.ts";

const line = (fields: object) =>
  prettyLine(
    JSON.stringify({ time: "2026-11-22T12:03:55.000Z", level: "info", msg: "request", ...fields }),
  ).replace(/^\d\d:\d\d:\d\d /, "");

test("the pretty form is one short line per request", () => {
  const chat = { method: "POST", path: "/api/chat", status: 200, ms: 812, request_id: "req1" };
  expect(line({ ...chat, account: "jane", charged: 100, tokens: 3900 })).toBe(
    "200 POST /api/chat 812 ms jane −100 → 3,900 req1",
  );
  expect(
    line({
      ...chat,
      status: 502,
      account: "jane",
      code: "upstream_error",
      cause: "the upstream answered 500",
    }),
  ).toBe("502 POST /api/chat 812 ms jane upstream_error (the upstream answered 500) req1");
  expect(line({ ...chat, status: 499, left: true })).toBe("499 POST /api/chat 812 ms client left req1");
});

test("the pretty form shows the stack of an unexpected error", () => {
  const error = { name: "TypeError", message: "oops", stack: "TypeError: oops\n    at somewhere" };
  expect(line({ method: "GET", path: "/", status: 500, ms: 1, error })).toContain(
    "\n  TypeError: oops\n    at",
  );
});

test("the pretty form shows only printable ASCII of a path", () => {
  const shown = line({ method: "GET", path: `/\u001b[31m\u009b${"x".repeat(500)}`, status: 404, ms: 0 });
  expect(shown).toMatch(/^404 GET \/\?\[31m\?x{150,200} 0 ms$/);
});

test("a silent log writes nothing", () => {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  createLog("silent", stream).error("no");
  expect(written).toEqual([]);
  createLog("pretty", stream).warn("careful");
  expect(written.join("")).toMatch(/^\d\d:\d\d:\d\d warn careful\n$/);
});

test("a log that nobody reads keeps at most 1 MiB, and counts the dropped lines", async () => {
  const written: string[] = [];
  const reader = gate();
  const stream = new Writable({
    async write(chunk, _encoding, done) {
      await reader.opened;
      written.push(String(chunk));
      done();
    },
  });
  const log = createLog("json", stream);
  const text = "x".repeat(10_000);
  let most = 0;
  for (let line = 0; line < 1_000; line += 1) {
    log.info(text);
    most = Math.max(most, stream.writableLength);
  }
  expect(most).toBeLessThanOrEqual(1024 * 1024);
  reader.open();
  await vi.waitUntil(() => written.at(-1)?.includes("dropped"), { timeout: 45_000 });
  log.info("goes on");
  await vi.waitUntil(() => written.at(-1)?.includes("goes on"), { timeout: 45_000 });
  const lines = written.map((each) => JSON.parse(each) as { msg: string; dropped?: number });
  const kept = lines.filter(({ msg }) => msg === text).length;
  expect(kept).toBeGreaterThan(100);
  expect(lines.slice(kept)).toMatchObject([
    {
      level: "warn",
      dropped: 1_000 - kept,
      msg: `${1_000 - kept} lines were dropped here, because the log could not be written.`,
    },
    { msg: "goes on" },
  ]);
});

/** A file as the stream of a log, as stderr can be one. */
async function openFile() {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-log-"));
  const path = join(dir, "log");
  const file = await open(path, "a");
  onTestFinished(async () => {
    await file.close();
    await rm(dir, { recursive: true, force: true });
  });
  return {
    stream: Object.assign(new Writable(), { fd: file.fd }),
    text: () => readFile(path, "utf8"),
    lines: async () => (await readFile(path, "utf8")).split("\n").slice(0, -1),
  };
}

/** Counts the writes to a file, and can hold them back. */
function watchWrites() {
  const real = fs.write;
  const held: (() => void)[] = [];
  const state = { count: 0, holds: false };
  const spy = vi.spyOn(fs, "write").mockImplementation((...call: Parameters<typeof fs.write>) => {
    state.count += 1;
    const go = () => real(...call);
    if (state.holds) held.push(go);
    else go();
  });
  onTestFinished(() => spy.mockRestore());
  return {
    state,
    release() {
      state.holds = false;
      for (const go of held.splice(0)) go();
    },
  };
}

describe("a log on a file descriptor", () => {
  test.each(["json", "pretty"] as const)("writes lines of one moment together (%s)", async (form) => {
    const file = await openFile();
    const writes = watchWrites();
    const log = createLog(form, file.stream);
    for (let line = 0; line < 1_000; line += 1) log.info(`line ${line}`);
    await vi.waitUntil(async () => (await file.lines()).length === 1_000, { timeout: 45_000 });
    const text = await file.text();
    expect(text).toContain("line 999");
    // At least 4 KiB each, but for the last.
    expect(writes.state.count).toBeLessThanOrEqual(text.length / 4096 + 2);
  });

  test("costs at most one write and 300 bytes a question", async () => {
    const file = await openFile();
    const provider = { model: "test", answer: async () => "The answer.", close: async () => {} };
    const server = await openWiredServer({ provider, logStream: file.stream });
    onTestFinished(() => server.close());
    const client = await openRawClient(server.port);
    const writes = watchWrites();
    for (let question = 1; question <= 20; question += 1) {
      client.send(rawQuestion(server.token));
      await client.until("The answer.", question);
    }
    client.vanish();
    await vi.waitUntil(async () => (await file.lines()).length === 20, { timeout: 45_000 });
    expect(writes.state.count).toBeLessThanOrEqual(20);
    expect((await file.text()).length).toBeLessThanOrEqual(20 * 300);
  });

  test("keeps at most 1 MiB while a write takes long, and counts the dropped lines", async () => {
    const file = await openFile();
    const writes = watchWrites();
    writes.state.holds = true;
    const log = createLog("json", file.stream);
    const text = "x".repeat(10_000);
    for (let line = 0; line < 1_000; line += 1) log.info(text);
    expect(writes.state.count).toBe(1);
    writes.release();
    await vi.waitUntil(async () => (await file.text()).includes("dropped"), { timeout: 45_000 });
    log.info("goes on");
    await vi.waitUntil(async () => (await file.text()).includes("goes on"), { timeout: 45_000 });
    const lines = (await file.lines()).map((line) => JSON.parse(line) as { msg: string; dropped?: number });
    const kept = lines.filter(({ msg }) => msg === text).length;
    expect(kept).toBeGreaterThan(90);
    expect(kept).toBeLessThan(105);
    expect(lines.slice(kept)).toMatchObject([{ dropped: 1_000 - kept }, { msg: "goes on" }]);
  });

  test("writes on after a write that failed", async () => {
    const file = await openFile();
    const full = Object.assign(new Error("full"), { code: "EAGAIN" });
    const spy = vi
      .spyOn(fs, "write")
      .mockImplementationOnce(((_fd: number, _text: string, done: (error: Error) => void) =>
        setImmediate(done, full)) as unknown as typeof fs.write);
    onTestFinished(() => spy.mockRestore());
    const log = createLog("json", file.stream);
    log.info("first");
    await vi.waitUntil(async () => (await file.text()).includes("first"), { timeout: 45_000 });
    log.info("second");
    await vi.waitUntil(async () => (await file.lines()).length === 2, { timeout: 45_000 });
    expect(await file.text()).toMatch(/first[^]*second/);
  });

  test("is shared by two logs of one stream, whose lines keep their order", async () => {
    const file = await openFile();
    const [one, other] = [createLog("json", file.stream), createLog("json", file.stream)];
    for (let line = 0; line < 100; line += 2) {
      one.info(String(line));
      other.info(String(line + 1));
    }
    await vi.waitUntil(async () => (await file.lines()).length === 100, { timeout: 45_000 });
    const numbers = (await file.lines()).map((line) => Number((JSON.parse(line) as { msg: string }).msg));
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});
