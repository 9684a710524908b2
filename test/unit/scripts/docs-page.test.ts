import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { curlOf } from "../../../scripts/docs/curl.js";
import { docsPage } from "../../../scripts/docs/page.js";
import { errors } from "../../../src/protocol/errors.ts";

/** docs/browser.md#api-page */

const METHODS = ["get", "post", "put", "patch", "delete"];

let document: any;
let page: string;
beforeAll(async () => {
  document = JSON.parse(await readFile("docs/openapi.json", "utf8"));
  page = docsPage(document);
});

const operations = (): [method: string, path: string, operation: any][] =>
  Object.entries<Record<string, any>>(document.paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => (methods[method] ? [[method, path, methods[method]] as const] : [])),
  ) as never;

const matches = (pattern: RegExp) => [...page.matchAll(pattern)].map(([, found]) => found!);

test("each operation has a section and a line of the contents, and a line for a shell", () => {
  const contents = /<nav [^]*<\/nav>/.exec(page)![0];
  for (const [method, path, { operationId, summary }] of operations()) {
    expect(contents).toContain(`<a href="#${operationId}">${summary.replaceAll('"', "&quot;")}</a>`);
    const [section = ""] =
      new RegExp(`<section aria-labelledby="${operationId}">[^]*?</section>`).exec(page) ?? [];
    expect(section).toContain(`<b>${method.toUpperCase()}</b> <code>${path}</code>`);
    expect(section).toContain(`&quot;$SERVER${path.replace(/\{.*/, "")}`);
    expect(section).toContain("Reply: 2");
  }
  expect(operations().length).toBeGreaterThan(15);
});

test("each schema and each error code is on it", () => {
  for (const name of Object.keys(document.components.schemas)) expect(page).toContain(`id="schema-${name}"`);
  const codes = Object.keys(errors).filter((code) => code !== "method_not_allowed");
  for (const code of codes) expect(page).toContain(`<code>${code}</code>`);
});

test("each link within it leads to one place, and no two tables have the same label", () => {
  const ids = matches(/ id="([^"]*)"/g);
  const labels = matches(/ aria-label="([^"]*)"/g);
  for (const names of [ids, labels])
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  expect(matches(/href="#([^"]*)"/g).filter((id) => !ids.includes(id))).toEqual([]);
  expect(matches(/aria-labelledby="([^"]*)"/g).filter((id) => !ids.includes(id))).toEqual([]);
});

test("it runs nothing, loads its style alone, and is small", () => {
  expect(page).not.toMatch(/<(script|img|iframe|object|base|form)\b|<[^>]* (style|src|on\w+)=/i);
  expect(matches(/<link [^>]*href="([^"]*)"/g)).toEqual(["docs.css"]);
  expect(gzipSync(page).length).toBeLessThan(40_000);
});

test("what the document says is shown as text", () => {
  const hostile = "<img src=x onerror=alert(1)>";
  const operation = {
    operationId: "ask",
    tags: ["chat"],
    summary: hostile,
    description: hostile,
    parameters: [
      { name: hostile, in: "query", description: hostile, schema: { enum: [hostile] }, example: hostile },
    ],
    requestBody: {
      content: {
        "application/json": {
          schema: { properties: { [hostile]: { type: "string", description: hostile, pattern: hostile } } },
          example: { message: hostile },
        },
      },
    },
    responses: { 200: { description: hostile, content: { "text/plain": { schema: {}, example: hostile } } } },
  };
  const made = docsPage({
    openapi: hostile,
    info: { title: hostile, version: hostile, description: hostile },
    tags: [{ name: "chat", description: hostile }],
    paths: { "/api/chat": { post: operation } },
    components: { schemas: { One: { type: "string", description: hostile } }, securitySchemes: {} },
  });
  expect(made).not.toContain("<img");
  expect(made.split("&lt;img").length).toBeGreaterThan(15);
});

test("a line for a shell quotes its body", () => {
  const request = {
    method: "post",
    path: "/api/chat",
    withToken: true,
    streams: true,
    body: { message: "it's" },
  };
  expect(curlOf(request)).toBe(
    [
      'curl -sN "$SERVER/api/chat"',
      '-H "Authorization: Bearer $TOKEN"',
      "-H 'Accept: text/event-stream'",
      "-H 'Content-Type: application/json'",
      `-d '{"message":"it'\\''s"}'`,
    ].join(" \\\n  "),
  );
});
