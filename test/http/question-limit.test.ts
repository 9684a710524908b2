import { afterEach, beforeEach, expect, test } from "vitest";
import { after, answer, failure, openFakeOpenAi, type FakeOpenAi } from "../support/openai-server.ts";
import { openTestServer, testConfig, type TestServer } from "../support/test-server.ts";
import { gate } from "./wired-server.ts";

/** `--limit-questions` (docs/http-api.md#rate-limits). */

let ai: FakeOpenAi;
let server: TestServer;
let jane: string;
beforeEach(async () => {
  ai = await openFakeOpenAi();
  ai.respond(answer("ok"));
  server = await openTestServer({ baseUrl: ai.url, limitQuestions: { count: 2, seconds: 3600 } });
  jane = await server.token("jane");
});
afterEach(async () => {
  await server.close();
  await ai.close();
});

const ask = (key?: string, { token = jane, message = "hi" } = {}) =>
  server.post(
    "/api/chat/",
    { message },
    { Authorization: `Bearer ${token}`, ...(key !== undefined && { "Idempotency-Key": key }) },
  );

const statusOf = async (asked: Promise<Response>) => {
  const reply = await asked;
  await reply.text();
  return reply.status;
};

test("an account that has asked as often as it may is refused, and others are not", async () => {
  expect([await statusOf(ask()), await statusOf(ask())]).toEqual([200, 200]);
  const refused = await ask();
  expect([refused.status, await refused.json()]).toMatchObject([429, { code: "rate_limited" }]);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3000);
  expect(refused.headers.get("ratelimit")).toMatch(/^"questions";r=0;t=3\d\d\d$/);
  expect(refused.headers.get("ratelimit-policy")).toBe('"questions";q=2;w=3600');
  expect(await server.balance(jane)).toEqual({ tokens: 3800, held: 0 });
  expect(ai.requests).toHaveLength(2);
  expect(await statusOf(ask(undefined, { token: await server.token("john") }))).toBe(200);
});

test("a burst gets no more than its limit", async () => {
  const statuses = await Promise.all(Array.from({ length: 20 }, (_, at) => statusOf(ask(`key-${at}`))));
  expect(statuses.filter((status) => status === 200)).toHaveLength(2);
  expect(statuses.filter((status) => status === 429)).toHaveLength(18);
  expect(await server.balance(jane)).toEqual({ tokens: 3800, held: 0 });
});

test("a replay, 409, 422, 402 and 400 do not count", async () => {
  const release = gate();
  ai.respond(after(release.opened, answer("ok")));
  const first = ask("one");
  await ai.arrived(1);
  expect(await statusOf(ask("one"))).toBe(409);
  release.open();
  expect(await statusOf(first)).toBe(200);
  expect((await ask("one")).headers.get("idempotent-replayed")).toBe("true");
  expect(await statusOf(ask("one", { message: "another" }))).toBe(422);
  expect(await statusOf(ask(undefined, { message: "" }))).toBe(400);
  expect([await statusOf(ask()), await statusOf(ask())]).toEqual([200, 429]);
});

test("a question without tokens does not count", async () => {
  await server.running.reload(
    testConfig(server.dir, { baseUrl: ai.url, price: 3000, limitQuestions: { count: 2, seconds: 3600 } }),
  );
  expect([await statusOf(ask()), await statusOf(ask()), await statusOf(ask())]).toEqual([200, 402, 402]);
  await server.running.reload(
    testConfig(server.dir, { baseUrl: ai.url, price: 100, limitQuestions: { count: 2, seconds: 3600 } }),
  );
  expect([await statusOf(ask()), await statusOf(ask())]).toEqual([200, 429]);
});

test("a question that the AI fails counts", async () => {
  ai.respond(failure(500));
  expect([await statusOf(ask()), await statusOf(ask()), await statusOf(ask())]).toEqual([502, 502, 429]);
});

test("beyond the limit a charged key is answered, and a new one stays free", async () => {
  expect([await statusOf(ask("one")), await statusOf(ask("two"))]).toEqual([200, 200]);
  const replayed = await ask("one");
  expect([replayed.status, replayed.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
  expect(await statusOf(ask("one", { message: "another" }))).toBe(422);
  expect(await statusOf(ask("three"))).toBe(429);
  expect(await server.running.reload(testConfig(server.dir, { baseUrl: ai.url }))).toEqual([]);
  const now = await ask("three", { message: "another" });
  expect([now.status, now.headers.get("idempotent-replayed")]).toEqual([200, null]);
});

test("a request that is refused for its token is told so, also beyond the limit", async () => {
  await Promise.all([statusOf(ask()), statusOf(ask())]);
  expect(await statusOf(ask(undefined, { token: "forged" }))).toBe(401);
});
