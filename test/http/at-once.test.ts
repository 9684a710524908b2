import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { serve, type RunningServer } from "../../src/server/serve.ts";
import { after, answer, failure, openFakeOpenAi, type FakeOpenAi } from "../support/openai-server.ts";
import { PASSWORD, testConfig, type Wishes } from "../support/test-server.ts";
import { gate } from "./wired-server.ts";

/** The limits of questions at once (docs/http-api.md#rate-limits). */

let ai: FakeOpenAi;
let dir: string;
let server: RunningServer;
beforeEach(async () => {
  ai = await openFakeOpenAi();
  dir = await mkdtemp(join(tmpdir(), "ai-chat-at-once-"));
});
afterEach(async () => {
  await server.close();
  await ai.close();
  await rm(dir, { recursive: true, force: true });
});

const configOf = (limits: Wishes) => testConfig(dir, { provider: "openai", baseUrl: ai.url, ...limits });

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/api/${path}/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

/** A new account: it can ask, and read its balance. */
async function asker(username: string) {
  const credentials = { username, password: PASSWORD };
  await post("register", credentials);
  const { token } = (await (await post("login", credentials)).json()) as { token: string };
  const headers = { Authorization: `Bearer ${token}` };
  return {
    ask: (more: Record<string, string> = {}) => post("chat", { message: "hello" }, { ...headers, ...more }),
    balance: async () => {
      const reply = await fetch(`${server.url}/api/token_balance/`, { headers });
      return { ...((await reply.json()) as { tokens: number }), held: reply.headers.get("tokens-held") };
    },
  };
}

const codeOf = async (reply: Response) => ((await reply.json()) as { code: string }).code;

test("an account that has as many questions in flight as it may is refused another, and others are not", async () => {
  server = await serve(configOf({ maxInFlight: 2 }));
  const [jane, john] = [await asker("jane"), await asker("john")];
  const release = gate();
  ai.respond(after(release.opened, answer("ok")));
  const asked = [jane.ask(), jane.ask()];
  await ai.arrived(2);
  const refused = await jane.ask({ "Idempotency-Key": "one" });
  expect([refused.status, await codeOf(refused)]).toEqual([429, "rate_limited"]);
  expect(["retry-after", "ratelimit", "ratelimit-policy"].map((name) => refused.headers.get(name))).toEqual([
    "1",
    '"in-flight";r=0;t=1',
    '"in-flight";q=2',
  ]);
  expect(await jane.balance()).toEqual({ tokens: 4000, held: "200" });
  asked.push(john.ask());
  await ai.arrived(3);
  release.open();
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200]);
  const again = await jane.ask({ "Idempotency-Key": "one" });
  expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([200, null]);
  expect(await jane.balance()).toEqual({ tokens: 3700, held: "0" });
});

test("a server that has as many questions in flight as it takes refuses another, whoever asks", async () => {
  server = await serve(configOf({ maxQuestions: 2 }));
  const [jane, john] = [await asker("jane"), await asker("john")];
  const release = gate();
  ai.respond(after(release.opened, answer("ok")));
  const asked = [jane.ask(), jane.ask()];
  await ai.arrived(2);
  const refused = await john.ask();
  expect([refused.status, await codeOf(refused)]).toEqual([503, "overloaded"]);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(refused.headers.get("ratelimit")).toBeNull();
  release.open();
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await john.ask()).status).toBe(200);
});

test("a question that fails makes room for another", async () => {
  server = await serve(configOf({ maxInFlight: 1, maxQuestions: 1 }));
  const jane = await asker("jane");
  ai.respond(failure(500));
  expect((await jane.ask()).status).toBe(502);
  ai.respond(answer("ok"));
  expect((await jane.ask()).status).toBe(200);
});

test("SIGHUP takes other limits for the questions that come then", async () => {
  server = await serve(configOf({ maxInFlight: 1 }));
  const jane = await asker("jane");
  const release = gate();
  ai.respond(after(release.opened, answer("ok")));
  const asked = [jane.ask()];
  await ai.arrived(1);
  expect((await jane.ask()).status).toBe(429);
  expect(await server.reload(configOf({ maxInFlight: 2, maxQuestions: 2 }))).toEqual([]);
  asked.push(jane.ask());
  await ai.arrived(2);
  expect((await jane.ask()).status).toBe(429);
  expect(await server.reload(configOf({ maxInFlight: 3, maxQuestions: 2 }))).toEqual([]);
  expect((await jane.ask()).status).toBe(503);
  release.open();
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200]);
});
