import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openTestServer, type TestServer } from "../support/test-server.ts";

/** docs/browser.md#what-is-served */

const built = join(import.meta.dirname, "../../dist");
let server: TestServer;
let bare: TestServer;
beforeAll(async () => {
  server = await openTestServer({ built });
  bare = await openTestServer({ built, noPage: true });
});
afterAll(() => Promise.all([server.close(), bare.close()]));

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  fetch(server.url + path, { method, headers, redirect: "manual" });

const HTML = { Accept: "text/html" };
const files = [
  ["/", "text/html; charset=utf-8", "Accept, Accept-Encoding"],
  ["/page.js", "text/javascript; charset=utf-8", "Accept-Encoding"],
  ["/page.css", "text/css; charset=utf-8", "Accept-Encoding"],
  ["/docs", "text/html; charset=utf-8", "Accept-Encoding"],
  ["/docs.css", "text/css; charset=utf-8", "Accept-Encoding"],
] as const;

const safe = {
  "cache-control": "no-cache",
  "x-content-type-options": "nosniff",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
};

test.each(files)(
  "%s is a file of the build, which a browser keeps and asks about",
  async (path, type, vary) => {
    const reply = await get(path, { ...HTML, "Accept-Encoding": "identity" });
    const bytes = Buffer.from(await reply.arrayBuffer());
    expect(reply.status).toBe(200);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      ...safe,
      "content-type": type,
      "content-length": String(bytes.length),
      vary,
      "x-request-id": expect.any(String),
    });
    expect(reply.headers.get("content-encoding")).toBeNull();

    const packed = await get(path, { ...HTML, "Accept-Encoding": "br, gzip" });
    expect(Buffer.from(await packed.arrayBuffer())).toEqual(bytes);
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    const etag = reply.headers.get("etag")!;
    expect(packed.headers.get("etag")).toBe(etag);

    const head = await get(path, HTML, "HEAD");
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(head.headers.get("etag")).toBe(etag);

    for (const tag of [etag, `"x", ${etag}`, etag.slice(2), "*"]) {
      const same = await get(path, { ...HTML, "If-None-Match": tag });
      expect([same.status, await same.text()]).toEqual([304, ""]);
      expect(Object.fromEntries(same.headers)).toMatchObject({ ...safe, etag, vary });
    }
    expect((await get(path, { ...HTML, "If-None-Match": `"x", W/"y"` })).status).toBe(200);
  },
);

test("a request ID that is the name of a header changes no header", async () => {
  for (const path of ["/docs", "/openapi.json"]) {
    const reply = await get(path, { "X-Request-Id": "Cache-Control" });
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      "x-request-id": "Cache-Control",
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
      "content-security-policy": expect.stringContaining("default-src 'none'"),
    });
  }
});

test("the page is for a client that prefers HTML to JSON; others get what they get without it, and a hint", async () => {
  for (const [accept, status] of [
    ["text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", 200],
    ["text/html", 200],
    ["text/html, */*", 200],
    ["application/json;q=0.4, text/html;q=0.5", 200],
    ["text/html;q=0.5, application/json", 404],
    ["text/html;q=0, */*", 404],
    ["application/json, text/html", 404],
    ["application/json", 404],
    ["*/*", 404],
    ["image/png", 404],
    ["", 404],
  ] as const) {
    const reply = await get("/", { Accept: accept });
    const text = await reply.text();
    expect(reply.status, accept).toBe(status);
    expect(reply.headers.get("vary"), accept).toMatch(/^Accept(,|$)/);
    if (status === 200) continue;
    expect(reply.headers.get("content-type")).toBe("application/problem+json");
    expect(reply.headers.get("cache-control")).toBe("no-store");
    expect(JSON.parse(text)).toMatchObject({ code: "not_found", detail: expect.stringContaining("/docs") });
  }
});

test("other methods are refused, and OPTIONS names those that are taken", async () => {
  for (const [path] of files) {
    const refused = await get(path, HTML, "POST");
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    expect(refused.headers.get("content-security-policy")).toBe("default-src 'none'");
    const options = await get(path, HTML, "OPTIONS");
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
  }
});

test("a slash at the end leads to the path without it, whose relative addresses are right", async () => {
  const reply = await get("/docs/");
  expect([reply.status, reply.headers.get("location"), await reply.text()]).toEqual([308, "../docs", ""]);
});

test("--no-page serves none of it, and refuses as a server without pages", async () => {
  for (const [path] of files) {
    const reply = await fetch(bare.url + path, { headers: HTML });
    expect([reply.status, reply.headers.get("vary")]).toEqual([404, null]);
    expect(await reply.json()).toMatchObject({
      detail: "There is nothing at this path. GET /api/ describes this server.",
    });
  }
});

test("a server without the files of the build does not start, and says what to do", async () => {
  const empty = await mkdtemp(join(tmpdir(), "ai-chat-pages-"));
  onTestFinished(() => rm(empty, { recursive: true }));
  await expect(openTestServer({ built: empty })).rejects.toMatchObject({
    name: "StartupError",
    message: expect.stringContaining(join(empty, "page")),
    hint: expect.stringContaining("--no-page"),
  });
});
