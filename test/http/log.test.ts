import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { createLog, prettyLine } from "../../src/server/log.ts";

const line = (fields: object) =>
  prettyLine(
    JSON.stringify({ time: "2026-11-22T12:03:55.000Z", level: "info", msg: "request", ...fields }),
  ).replace(/^\d\d:\d\d:\d\d /, "");

test("the pretty form is one short line a request", () => {
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

test("the pretty form shows the stack of a fault of ours", () => {
  const error = { name: "TypeError", message: "oops", stack: "TypeError: oops\n    at somewhere" };
  expect(line({ method: "GET", path: "/", status: 500, ms: 1, error })).toContain(
    "\n  TypeError: oops\n    at",
  );
});

test("the pretty form lets nothing of a path through to the terminal but printable ASCII", () => {
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
