import { afterAll, beforeAll, expect, test } from "vitest";
import { answer, failure, openFakeOpenAi, type FakeOpenAi } from "../support/openai-server.ts";
import { openTestServer, testConfig, testModel, type TestServer } from "../support/test-server.ts";

/** docs/monitoring.md#the-state-of-the-ai */

const KEY = "sk-a-secret-key-of-the-operator";

let ai: FakeOpenAi;
let server: TestServer;
let ask: () => Promise<number>;
beforeAll(async () => {
  ai = await openFakeOpenAi();
  server = await openTestServer({ provider: undefined, models: modelsAt(ai.url) });
  const headers = { Authorization: `Bearer ${await server.token("jane")}` };
  ask = async () => (await server.post("/api/chat", { message: "hello" }, headers)).status;
});
afterAll(async () => {
  await server.close();
  await ai.close();
});

const modelsAt = (baseUrl: string) =>
  [
    testModel({ name: "small", upstream: "s", baseUrl, apiKey: KEY }),
    testModel({ name: "large", upstream: "l", baseUrl, apiKey: KEY }),
  ] as const;

const health = async (query: string) => {
  const reply = await fetch(`${server.url}/healthz${query}`);
  return [reply.status, await reply.json()];
};
const told = (state: string, since: unknown) => [
  200,
  {
    status: "ok",
    ai: [
      { model: "small", state, since },
      { model: "large", state: "unknown", since: null },
    ],
  },
];
const time = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const lines = () => server.log.filter(({ model }) => model !== undefined);

test("health and log tell once that an AI is failing, and that it answers again", async () => {
  expect(await health("?ai=1")).toEqual(told("unknown", null));
  ai.respond(failure(401, { message: `No such key: ${KEY}`, code: "k", type: "t" }));
  for (let count = 0; count < 4; count += 1) expect(await ask()).toBe(502);
  expect(await health("?ai=1")).toEqual(told("failing", time));
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  expect(await health("")).toEqual([200, { status: "ok" }]);
  expect(await health("?ai=2")).toEqual([200, { status: "ok" }]);
  expect(lines()).toMatchObject([
    {
      level: "warn",
      model: "small",
      kind: "key",
      msg: "The model small is failing. The AI refuses the API key, or the account behind it. Check the key (AI_CHAT_API_KEY, or the model's own) and the credit of its account. The last cause: the upstream answered 401 (t, k): it refused the operator's API key; it says: No such key: [secret]",
    },
  ]);
  // What a reload leaves at its place stays known.
  const config = testConfig(server.dir, { provider: undefined, models: modelsAt(ai.url), maxInFlight: 9 });
  await server.running.reload(config);
  expect(await health("?ai=1")).toEqual(told("failing", time));
  ai.respond(answer("Hello."));
  expect(await ask()).toBe(200);
  expect(await health("?ai=1")).toEqual(told("ok", time));
  expect(lines().slice(1)).toMatchObject([
    {
      level: "info",
      model: "small",
      failed: 4,
      msg: expect.stringMatching(/^The model small answers again, after \d+ seconds? and 4 failures\.$/),
    },
  ]);
  await server.running.reload({ ...config, models: modelsAt(`${ai.url}/elsewhere`) });
  expect(await health("?ai=1")).toEqual(told("unknown", null));
  expect(JSON.stringify(server.log)).not.toContain(KEY);
});
