import { readFileSync } from "node:fs";
import { Agent, request, type IncomingHttpHeaders } from "node:http";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { answer } from "../support/openai-server.ts";
import { root } from "../support/pages.ts";
import { sharedCluster } from "../support/postgres.ts";
import { openServerWithAi } from "../support/server-with-ai.ts";
import { fuzzed, TOKEN, type Fuzzed } from "./requests.ts";

/** Any request gets a documented reply, costs what that says, and leaves its connection usable. */

const REQUESTS = 10_000;
const minutes = Number(process.env.FUZZ_MINUTES ?? 0);
const place = process.env.FUZZ_STORE === "postgres" ? await (await sharedCluster()).place() : undefined;

/** Enough for ten questions, so that many are refused for want of tokens. */
const STARTING = 1000;
const { ai, server } = openServerWithAi({
  startingTokens: STARTING,
  built: `${root}dist`,
  ...(place && { store: { kind: "postgres", url: place.url, connections: 4 } }),
});
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
afterAll(() => agent.destroy());

/** The codes of each status, by docs/http-api.md#error-codes; those of a bug are none. */
const documented = new Map<number, Set<string>>();
for (const [, status = "", codes = ""] of readFileSync(`${root}docs/http-api.md`, "utf8").matchAll(
  /^\| (\d{3}) \| (`[^|]*) \|/gm,
)) {
  const known = documented.get(Number(status)) ?? new Set();
  for (const [, code = ""] of codes.matchAll(/`(\w+)`/g)) if (code !== "internal_error") known.add(code);
  documented.set(Number(status), known);
}

interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** Of this end of the connection. */
  port: number | undefined;
}

function send({ method, path, headers, body, isChunked }: Fuzzed): Promise<Reply> {
  const framing = isChunked ? ["Transfer-Encoding", "chunked"] : ["Content-Length", String(body.length)];
  return new Promise((resolve, reject) => {
    const all = [...headers, ...framing];
    const sent = request({
      agent,
      port: server.port,
      host: "127.0.0.1",
      method,
      path,
      headers: all,
      setHost: false,
    });
    sent.on("error", reject).on("response", (reply) => {
      const { statusCode: status = 0, headers } = reply;
      const port = reply.socket.localPort;
      let text = "";
      reply.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      reply.on("error", reject).on("end", () => resolve({ status, headers, text, port }));
    });
    sent.end(body);
  });
}

/** An error in the form of OpenAI's API. */
function checkOpenAi(text: string, method: string): void {
  if (method === "HEAD") return;
  const { error } = JSON.parse(text) as { error: Record<string, unknown> };
  expect(error).toMatchObject({ message: expect.any(String), type: expect.any(String) });
  expect(error.code).not.toBe("internal_error");
}

function checkReply({ status, headers, text }: Reply, { method, path }: Fuzzed): void {
  const isOpenAi = /(^|\/\/[^/]*)\/v1([/?]|$)/.test(path);
  expect(headers["x-request-id"]).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
  if ([200, 201, 204].includes(status)) return;
  if (isOpenAi) return checkOpenAi(text, method);
  expect([...documented.keys()]).toContain(status);
  expect(headers["content-type"]).toBe("application/problem+json");
  if (method === "HEAD") return;
  const problem = JSON.parse(text) as Record<string, unknown>;
  expect(documented.get(status)).toContain(problem.code);
  expect(problem).toMatchObject({
    type: "about:blank",
    title: expect.any(String),
    status,
    detail: expect.any(String),
    error: problem.detail,
    request_id: headers["x-request-id"],
  });
}

/** Tokens that a reply says it cost. The descriptions of the API have examples of such replies. */
function costOf({ headers, text }: Reply, { method }: Fuzzed): number {
  if (method !== "POST") return 0;
  if (headers["idempotent-replayed"] === "true") return 0;
  if (/"object":"chat\.completion"|^data: \[DONE\]$/m.test(text)) return 100;
  return Number(/"tokens_deducted":(\d+)/.exec(text)?.[1] ?? 0);
}

let account: { token: string; tokens: number } | undefined;
let accounts = 0;
const newAccount = async () => ({ token: await server.token(`fuzz-${accounts++}`), tokens: STARTING });

async function check(wish: Fuzzed): Promise<void> {
  account ??= await newAccount();
  const { token } = account;
  const named = (text: string) => text.replaceAll(TOKEN, token);
  const body = wish.body.includes(TOKEN) ? Buffer.from(named(wish.body.toString())) : wish.body;
  const reply = await send({ ...wish, headers: wish.headers.map(named), body });
  checkReply(reply, wish);

  const after = await send({
    method: "GET",
    path: "/api/token_balance",
    headers: ["Host", "x", "Authorization", `Bearer ${token}`],
    body: Buffer.alloc(0),
    isChunked: false,
  });
  expect(after.port, "the connection").toBe(reply.port);
  if (after.status === 401 && reply.status < 300 && /logout|password/i.test(wish.path)) {
    account = undefined;
    return;
  }
  account.tokens -= reply.status < 300 ? costOf(reply, wish) : 0;
  expect([after.status, JSON.parse(after.text)]).toEqual([200, { tokens: account.tokens }]);
}

test(
  `${REQUESTS} requests of any kind`,
  async () => {
    ai.respond(answer("Yes."));
    const until = Date.now() + minutes * 60_000;
    do await fc.assert(fc.asyncProperty(fuzzed, check), { numRuns: REQUESTS });
    while (Date.now() < until);
  },
  minutes * 60_000 + 600_000,
);
