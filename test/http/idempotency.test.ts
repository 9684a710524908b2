import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { answer, failure } from "../support/openai-server.ts";
import { testConfig } from "../support/test-server.ts";
import { openServerWithAi } from "../support/server-with-ai.ts";
import { serve, type RunningServer } from "../../src/server/serve.ts";
import { openRawClient, rawQuestion } from "./raw-client.ts";
import { gate, openWiredServer } from "./wired-server.ts";

/** The table of docs/http-api.md#idempotency, row by row. */

const { ai, server } = openServerWithAi();
let token: string;
let accounts = 0;
beforeEach(async () => {
  token = await server.token(`jane${(accounts += 1)}`);
  ai.respond(answer("First."));
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
  test("gives the same answer again, without a charge and with the present balance", async () => {
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

  test("may get the answer in the other form", async () => {
    await ask("k");
    const streamed = await ask("k", {}, EVENTS);
    expect(streamed.headers.get("idempotent-replayed")).toBe("true");
    expect(await streamed.text()).toBe(
      'event: delta\ndata: {"text":"First."}\n\n' +
        'event: done\ndata: {"response":"First.","tokens_deducted":100,"tokens_remaining":3900,"model":"fake-model","finish":"stop","turns_sent":0}\n\n',
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

  test("of a question in flight is refused until it ends, also with another message", async () => {
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

  test("is answered again once, without a charge, after the client left during its answer", async () => {
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

const forever = new Promise<never>(() => {});

/** Leaves after the first delta: charged, if the key is new, and the answer is not kept. */
async function hangUpOn(key: string): Promise<void> {
  const before = ai.requests.length;
  ai.respond(answer(["Fi", forever]));
  const client = await openRawClient(server.port);
  client.send(rawQuestion(token, { ...EVENTS, "Idempotency-Key": key }));
  await client.until("Fi");
  client.vanish();
  await (
    await ai.arrived(before + 1)
  ).hungUp;
  expect(await server.settled(token)).toBe(3900);
}

const settledReply = async (key: string, headers: Record<string, string> = {}): Promise<Response> => {
  for (;;) {
    const reply = await ask(key, {}, headers);
    if (reply.status !== 409) return reply;
  }
};

describe.each([
  ["plain", {}],
  ["streamed", EVENTS],
])("a key, asked %s,", (how, headers: Record<string, string>) => {
  const wholeOf = async (reply: Response) => ({
    status: reply.status,
    replayed: reply.headers.get("idempotent-replayed"),
    text: await reply.text(),
  });
  const whole = (text: string) =>
    how === "plain"
      ? `{"response":"${text}","tokens_deducted":100}`
      : expect.stringContaining(
          `event: done\ndata: {"response":"${text}","tokens_deducted":100,"tokens_remaining":3900,"model":"fake-model","finish":"stop","turns_sent":0}`,
        );

  test("that was used for another question is refused, in flight and charged, before any stream", async () => {
    const release = gate();
    ai.respond(answer([release.opened, "First."]));
    const before = ai.requests.length;
    const first = ask("k", {}, headers);
    await ai.arrived(before + 1);
    const other = await ask("k", { message: "other" }, headers);
    expect([other.status, await other.json()]).toMatchObject([422, { code: "idempotency_key_reused" }]);
    const same = await ask("k", {}, headers);
    expect([same.status, same.headers.get("retry-after")]).toEqual([409, "1"]);
    release.open();
    expect(await wholeOf(await first)).toEqual({ status: 200, replayed: null, text: whole("First.") });
    expect((await ask("k", { message: "other" }, headers)).status).toBe(422);
    expect(await server.balance(token)).toEqual({ tokens: 3900, held: 0 });
  });

  test("that was refused with 402 runs as new when there are tokens", async () => {
    for (let at = 0; at < 40; at += 1) await ask(`spent-${at}`);
    const poor = await ask("k", {}, headers);
    expect([poor.status, await poor.json()]).toMatchObject([402, { code: "insufficient_tokens" }]);
    const { giveInFolder } = await import("../support/operate-in-folder.ts");
    const given = { name: `jane${accounts}`, tokens: 4000, id: `g${accounts}${how}` };
    expect(await giveInFolder(server.dir, given, () => {})).toMatchObject({ kind: "granted", tokens: 4000 });
    const rich = await ask("k", {}, headers);
    expect(await wholeOf(rich)).toEqual({ status: 200, replayed: null, text: whole("First.") });
  });

  test("whose client left during the answer is answered again once, without a charge, and is busy during that", async () => {
    await hangUpOn("k");
    const release = gate();
    ai.respond(answer([release.opened, "Second."]));
    const before = ai.requests.length;
    const again = ask("k", {}, headers);
    await ai.arrived(before + 1);
    expect((await ask("k", {}, headers)).status).toBe(409);
    expect((await ask("k", { message: "other" }, headers)).status).toBe(422);
    expect(await server.balance(token)).toEqual({ tokens: 3900, held: 0 });
    release.open();
    const second = { status: 200, replayed: "true", text: whole("Second.") };
    expect(await wholeOf(await again)).toEqual(second);
    ai.respond(answer("never asked"));
    expect(await wholeOf(await ask("k", {}, headers))).toEqual(second);
  });

  test("whose second answer fails after some text is not used up", async () => {
    await hangUpOn("k");
    ai.respond(answer("Half", { finish: null, end: "cut" }));
    expect(await (await ask("k", {}, headers)).text()).toContain('"code":"upstream_error"');
    ai.respond(answer("Second."));
    const second = { status: 200, replayed: "true", text: whole("Second.") };
    expect(await wholeOf(await ask("k", {}, headers))).toEqual(second);
  });

  test("whose client left during the second answer too is used up", async () => {
    await hangUpOn("k");
    await hangUpOn("k");
    const gone = await settledReply("k", headers);
    expect([gone.status, await gone.json()]).toMatchObject([410, { code: "answer_expired" }]);
    expect((await ask("k", { message: "other" }, headers)).status).toBe(422);
    expect(await server.balance(token)).toEqual({ tokens: 3900, held: 0 });
  });

  test("is remembered for 24 hours after its charge, and then is new", async () => {
    let time = Date.now();
    const wired = await openWiredServer({
      now: () => time,
      provider: {
        model: "saying",
        async answer({ onDelta }) {
          onDelta?.(["First."]);
          return "First.";
        },
        close: async () => {},
      },
    });
    token = wired.token;
    const asked = async () => (await ask("k", {}, headers, wired.url)).headers.get("idempotent-replayed");
    const read = async () => {
      const replayed = await asked();
      while ((await wired.balance()).held > 0) await new Promise(setImmediate);
      return replayed;
    };
    expect(await read()).toBe(null);
    time += 24 * 60 * 60 * 1000 - 1;
    expect(await read()).toBe("true");
    time += 1;
    expect(await read()).toBe(null);
    expect(await wired.balance()).toEqual({ tokens: 3800, held: 0 });
    await wired.close();
  });
});

test("a key survives a restart: it is answered again once, without a charge", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-restarted-"));
  const config = testConfig(dir, { provider: "openai", baseUrl: ai.url, upstream: "fake-model" });
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
