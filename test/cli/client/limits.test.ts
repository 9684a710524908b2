import { afterEach, expect, test } from "vitest";
import { createApiClient } from "../../../src/client/http/api-client.ts";
import type { AnswerEvent, ApiClient } from "../../../src/client/http/contract.ts";
import { openSmallServer, type SmallServer } from "../../support/others-server.ts";

/** What the client learns of limits, and what of an answer. */

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const limits = { message: 10, context: 20, turns: 200 };

interface Reply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** A server that answers questions with `reply`, and tells these limits. */
async function open(reply: Reply, told: { limits?: unknown } = { limits }) {
  const server: SmallServer = await openSmallServer(({ url }, response) => {
    const about = { extensions: ["history"], price: 100, model: "m", ...told };
    const { status, body, headers } = url === "/api/chat/" ? reply : { status: 200, body: about };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(text);
  });
  const client = createApiClient({ server: server.url, token: "t" });
  closers.push(
    () => server.close(),
    () => client.close(),
  );
  return { server, client, told };
}

async function ask(client: ApiClient): Promise<AnswerEvent | undefined> {
  let last: AnswerEvent | undefined;
  for await (const event of client.ask({ message: "hi", history: [], key: "k" })) last = event;
  return last;
}

test.each([
  [
    "its message",
    400,
    { code: "invalid_request", errors: [{ field: "message", detail: "message is too long." }] },
  ],
  ["the size of its body", 413, { code: "payload_too_large", detail: "Too large." }],
])(
  "a question that is refused for %s makes the client ask for the limits again",
  async (_what, status, body) => {
    const { client, told } = await open({ status, body });
    expect((await client.offer()).limits).toEqual(limits);
    told.limits = { ...limits, message: 5 };
    expect((await client.offer()).limits).toEqual(limits);
    await expect(ask(client)).rejects.toMatchObject({ status, remedy: { kind: "shorten" }, charged: "no" });
    expect((await client.offer()).limits).toEqual({ ...limits, message: 5 });
  },
);

test("any other refusal does not", async () => {
  const { client, server } = await open({ status: 402, body: { code: "insufficient_tokens" } });
  await client.offer();
  await expect(ask(client)).rejects.toMatchObject({ status: 402 });
  expect(server.seen.map(({ url }) => url)).toEqual(["/api/", "/api/chat/"]);
});

test("finish reason and turns sent come from the headers of a plain reply", async () => {
  const body = { response: "Hi", tokens_deducted: 100 };
  const headers = { "finish-reason": "length", "turns-sent": "4" };
  const { client } = await open({ status: 200, body, headers });
  expect(await ask(client)).toMatchObject({ type: "done", finish: "length", turnsSent: 4 });
});

test.each([
  [{ finish: "length", turns_sent: 4 }, "length", 4],
  [{ finish: null, turns_sent: 0 }, undefined, 0],
  [{ finish: 7, turns_sent: -1 }, undefined, undefined],
  [{}, undefined, undefined],
])("of a stream they come from done: %j", async (more, finish, turnsSent) => {
  const done = JSON.stringify({ response: "Hi", tokens_deducted: 100, tokens_remaining: 1, ...more });
  const { client } = await open({
    status: 200,
    body: `event: done\ndata: ${done}\n\n`,
    headers: { "content-type": "text/event-stream" },
  });
  const event = await ask(client);
  expect([(event as { finish?: string }).finish, (event as { turnsSent?: number }).turnsSent]).toEqual([
    finish,
    turnsSent,
  ]);
});
