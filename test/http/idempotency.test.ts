import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answer, failure, openFakeOpenAi, type FakeOpenAi } from "../support/openai-server.ts";
import { openTestServer, testConfig, type TestServer } from "../support/test-server.ts";
import { serve, type RunningServer } from "../../src/server/serve.ts";
import { openRawClient, rawQuestion } from "./raw-client.ts";
import { gate } from "./wired-server.ts";

/** The table of API.md §2, row by row. */

let ai: FakeOpenAi;
let server: TestServer;
let token: string;
let accounts = 0;

beforeAll(async () => {
  ai = await openFakeOpenAi();
  server = await openTestServer({ baseUrl: ai.url });
});
beforeEach(async () => {
  token = await server.token(`jane${(accounts += 1)}`);
  ai.respond(answer("First."));
});
afterAll(async () => {
  await server.close();
  await ai.close();
});

const EVENTS = { Accept: "text/event-stream" };
const ask = (key: string, body: object = {}, headers: Record<string, string> = {}, url = server.url) =>
  fetch(`${url}/api/chat/`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Authorization: `Bearer ${token}`,
      "Idempotency-Key": key,
      ...headers,
    },
    body: JSON.stringify({ message: "hello", ...body }),
  });

const told = async (reply: Response) => [
  reply.status,
  reply.headers.get("idempotent-replayed"),
  reply.headers.get("tokens-remaining"),
  await reply.json(),
];

const FIRST = { response: "First.", tokens_deducted: 100 };

describe("the same key", () => {
  test("gives the same answer again, for nothing, with the balance of now", async () => {
    expect(await told(await ask("k"))).toEqual([200, null, "3900", FIRST]);
    ai.respond(answer("Second."));
    await ask("another");
    expect(await told(await ask("k"))).toEqual([200, "true", "3800", FIRST]);
    expect(await server.balance(token)).toEqual({ tokens: 3800, held: 0 });
  });

  test("is the same with and without quotes, and around a trimmed message", async () => {
    await ask('"a\\"b"');
    expect(await told(await ask('a"b', { message: " hello\n" }))).toEqual([200, "true", "3900", FIRST]);
  });

  test("may come back in the other form", async () => {
    await ask("k");
    const streamed = await ask("k", {}, EVENTS);
    expect(streamed.headers.get("idempotent-replayed")).toBe("true");
    expect(await streamed.text()).toBe(
      'event: delta\ndata: {"text":"First."}\n\n' +
        'event: done\ndata: {"response":"First.","tokens_deducted":100,"tokens_remaining":3900}\n\n',
    );
    await (await ask("k2", {}, EVENTS)).text();
    expect(await told(await ask("k2"))).toEqual([200, "true", "3800", FIRST]);
  });

  test("with another message or history is refused", async () => {
    await ask("k");
    for (const other of [{ message: "other" }, { history: [{ role: "user", content: "x" }] }]) {
      const reply = await ask("k", other);
      expect([reply.status, await reply.json()]).toMatchObject([422, { code: "idempotency_key_reused" }]);
    }
  });

  test("of a question in flight waits, and with another message is refused even then", async () => {
    const release = gate();
    ai.respond(answer([release.opened, "First."]));
    const before = ai.requests.length;
    const first = ask("k");
    await ai.arrived(before + 1);
    const second = await ask("k");
    expect([second.status, second.headers.get("retry-after")]).toEqual([409, "1"]);
    expect(await second.json()).toMatchObject({ code: "request_in_progress" });
    expect((await ask("k", { message: "other" })).status).toBe(422);
    release.open();
    expect((await first).status).toBe(200);
    expect(await server.balance(token)).toEqual({ tokens: 3900, held: 0 });
  });

  test("of a question that failed runs as new", async () => {
    ai.respond(failure(500));
    expect((await ask("k")).status).toBe(502);
    ai.respond(answer("First."));
    expect(await told(await ask("k"))).toEqual([200, null, "3900", FIRST]);
  });

  test("of another account is another key", async () => {
    await ask("k");
    token = await server.token(`john${accounts}`);
    expect(await told(await ask("k"))).toEqual([200, null, "3900", FIRST]);
  });

  test("never meets 402", async () => {
    for (let i = 0; i < 40; i++) await ask(`k${i}`);
    expect((await ask("k40")).status).toBe(402);
    expect(await told(await ask("k7"))).toEqual([200, "true", "0", FIRST]);
  });

  test("after the client hung up on its answer is asked again once, for nothing", async () => {
    const client = await openRawClient(server.port);
    ai.respond(answer(["Fi", new Promise(() => {})]));
    client.send(rawQuestion(token, { ...EVENTS, "Idempotency-Key": "k" }));
    await client.until("Fi");
    client.vanish();
    expect(await server.settled(token)).toBe(3900);

    ai.respond(failure(500));
    expect((await ask("k")).status).toBe(502);
    ai.respond(answer("First."));
    expect(await told(await ask("k"))).toEqual([200, "true", "3900", FIRST]);
    ai.respond(answer("never asked"));
    expect(await told(await ask("k"))).toEqual([200, "true", "3900", FIRST]);
  });
});

test("a key outlives the server: its answer is asked again once, for nothing, then it is gone", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-restarted-"));
  const config = testConfig(dir, { provider: "openai", baseUrl: ai.url, model: "fake-model" });
  const restarted = async (use: (running: RunningServer) => Promise<void>) => {
    const running = await serve(config);
    await use(running);
    await running.close();
  };
  await restarted(async ({ url }) => {
    const credentials = { username: "jane", password: "correct horse" };
    const post = (path: string) =>
      fetch(url + path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(credentials),
      });
    await post("/api/register");
    token = ((await (await post("/api/login")).json()) as { token: string }).token;
    expect(await told(await ask("k", {}, {}, url))).toEqual([200, null, "3900", FIRST]);
  });
  await restarted(async ({ url }) => {
    ai.respond(answer("Second."));
    const second = { response: "Second.", tokens_deducted: 100 };
    expect(await told(await ask("k", {}, {}, url))).toEqual([200, "true", "3900", second]);
    expect(await told(await ask("k", {}, {}, url))).toEqual([200, "true", "3900", second]);
  });
  await restarted(async ({ url }) => {
    const reply = await ask("k", {}, {}, url);
    expect([reply.status, await reply.json()]).toMatchObject([410, { code: "answer_expired" }]);
    expect((await ask("k", { message: "other" }, {}, url)).status).toBe(422);
  });
  await rm(dir, { recursive: true });
});
