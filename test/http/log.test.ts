import { Writable } from "node:stream";
import { expect, test, vi } from "vitest";
import { createLog, prettyLine } from "../../src/server/log.ts";
import { gate } from "./wired-server.ts";

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
  await vi.waitUntil(() => written.at(-1)?.includes("dropped"));
  log.info("goes on");
  await vi.waitUntil(() => written.at(-1)?.includes("goes on"));
  const lines = written.map((each) => JSON.parse(each) as { msg: string; dropped?: number });
  const kept = lines.filter(({ msg }) => msg === text).length;
  expect(kept).toBeGreaterThan(100);
  expect(lines.slice(kept)).toMatchObject([
    {
      level: "warn",
      dropped: 1_000 - kept,
      msg: `${1_000 - kept} lines were dropped here, because nobody read the log.`,
    },
    { msg: "goes on" },
  ]);
});
