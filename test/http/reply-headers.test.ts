import type { Server } from "node:http";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { Budget } from "../../src/server/http/budget.ts";
import { openHttpServer } from "../../src/server/http/listen.ts";
import { openServerWithAi } from "../support/server-with-ai.ts";
import { openRawClient, rawQuestion, rawRequest } from "./raw-client.ts";

/** docs/http-api.md#conventions */

const { server } = openServerWithAi();

const safe = [
  "Cache-Control: no-store",
  "X-Content-Type-Options: nosniff",
  "Content-Security-Policy: default-src 'none'",
];

const close = { Connection: "close" };
const chunked = { "Content-Type": "application/json", "Transfer-Encoding": "chunked" };
const replies: [what: string, status: number, request: string | (() => Promise<string>)][] = [
  ["a reply", 200, rawRequest("GET", "/api/", close)],
  ["a reply to HEAD", 200, rawRequest("HEAD", "/readyz", close)],
  ["an answer", 200, async () => rawQuestion(await server.token("plain"), close)],
  [
    "a stream",
    200,
    async () => rawQuestion(await server.token("stream"), { ...close, Accept: "text/event-stream" }),
  ],
  ["OPTIONS", 204, rawRequest("OPTIONS", "/api/chat/", close)],
  ["a request without a token", 401, rawRequest("GET", "/api/token_balance/", close)],
  ["an unknown path", 404, rawRequest("GET", "/nothing", close)],
  ["another method", 405, rawRequest("GET", "/api/chat/", close)],
  ["CONNECT", 404, "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n"],
  ["a request without Host", 400, `GET / HTTP/1.1\r\nConnection: close\r\n\r\n`],
  ["no HTTP", 400, "nonsense\r\n\r\n"],
  ["a broken body", 400, `${rawRequest("POST", "/api/login/", chunked)}zz\r\n`],
  ["headers that are too large", 431, `GET / HTTP/1.1\r\nHost: a\r\n${"ab:c\r\n".repeat(8_200)}\r\n`],
];
test.each(replies)(
  "%s (%i) has the headers against caches, sniffing and active content",
  async (_, status, request) => {
    const client = await openRawClient(server.port);
    client.send(typeof request === "string" ? request : await request());
    const [head = ""] = (await client.ended()).split("\r\n\r\n");
    const [line, ...headers] = head.split("\r\n");
    expect(line).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    for (const header of safe) expect(headers.filter((one) => one === header)).toHaveLength(1);
  },
);

test("a request that does not arrive in time (408) gets them too", async () => {
  const http = await openHttpServer({
    host: "127.0.0.1",
    port: 0,
    silence: 60_000,
    keepAlive: 75_000,
    budget: new Budget(1024 * 1024),
    handle: async (req, res) => {
      const socket = req.socket as Socket & { server: Server };
      // As Node tells of it, half a minute later.
      const late = Object.assign(new Error("late"), { code: "ERR_HTTP_REQUEST_TIMEOUT" });
      res.once("close", () => socket.server.emit("clientError", late, socket));
      res.end("first");
    },
  });
  const client = await openRawClient(Number(new URL(http.url).port));
  client.send(rawRequest("GET", "/"));
  const [, late = ""] = (await client.ended()).split("first");
  expect(late).toMatch(/^HTTP\/1\.1 408 /);
  for (const header of safe) expect(late).toContain(`${header}\r\n`);
  await http.close(0);
});
