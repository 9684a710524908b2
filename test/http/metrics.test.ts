import { afterEach, expect, test, vi } from "vitest";
import { StartupError } from "../../src/server/core/startup-error.ts";
import { answer, openFakeOpenAi, type Script } from "../support/openai-server.ts";
import { PASSWORD, openTestServer, testConfig, testModel, type Wishes } from "../support/test-server.ts";
import { openRawClient, rawQuestion } from "./raw-client.ts";
import { gate } from "./wired-server.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0).reverse()) await close();
});

async function setUp(wishes: Wishes = {}, script?: Script) {
  const ai = await openFakeOpenAi();
  closers.push(() => ai.close());
  if (script) ai.respond(script);
  const server = await openTestServer({
    baseUrl: ai.url,
    metrics: { host: "127.0.0.1", port: 0 },
    ...wishes,
  });
  closers.push(() => server.close());
  const url = server.running.metrics!;
  /** The value of a series, as it stands in the text. */
  const value = async (series: string) => {
    const lines = (await (await fetch(url)).text()).split("\n");
    return lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1);
  };
  return { ai, server, url, value };
}

test("metrics have a port of their own, which serves nothing else", async () => {
  const { server, url } = await setUp();
  const reply = await fetch(`${url}?a=b`);
  expect([reply.status, reply.headers.get("content-type")]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
  ]);
  const text = await reply.text();
  expect(text).toMatch(/^ai_chat_info\{version="0\.0\.0-test"\} 1$/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  expect(text).toMatch(/^process_cpu_seconds_total /m);
  const others = [
    fetch(url.replace("/metrics", "/healthz")),
    fetch(`${url}/`),
    fetch(url, { method: "POST" }),
    fetch(url, { method: "HEAD" }),
  ];
  for (const reply of await Promise.all(others))
    expect([reply.status, reply.headers.get("content-type")]).toEqual([404, "text/plain; charset=utf-8"]);
  expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
});

test("sign-in, questions, requests, limits and passwords are counted", async () => {
  const limitLogin = { count: 1, seconds: 60 };
  const { server, value } = await setUp({ limitLogin });
  const token = await server.token("jane");
  const chat = (body: object, headers = {}) =>
    server.post("/api/chat/", body, { Authorization: `Bearer ${token}`, ...headers });
  await (await chat({ message: "hi" }, { "Idempotency-Key": "k" })).text();
  await (await chat({ message: "hi" }, { "Idempotency-Key": "k" })).text();
  await (await chat({ message: "hi" }, { Accept: "text/event-stream" })).text();
  await (await chat({ message: 7 })).text();
  for (const password of ["wrong", "wrong"]) await server.post("/api/login", { username: "jane", password });
  await server.post("/api/register", { username: "jane", password: PASSWORD });
  await fetch(`${server.url}/api/jane`);
  const series = {
    'ai_chat_questions_total{model="fake-model",outcome="answered"}': "2",
    'ai_chat_questions_total{model="fake-model",outcome="replayed"}': "1",
    'ai_chat_added_latency_seconds_count{model="fake-model"}': "2",
    'ai_chat_ai_seconds_count{model="fake-model"}': "2",
    'ai_chat_ai_first_text_seconds_count{model="fake-model"}': "1",
    'ai_chat_ai_failures_total{model="fake-model",kind="server"}': "0",
    'ai_chat_ai_failing{model="fake-model"}': "0",
    'ai_chat_http_requests_total{route="/api/chat",status="200"}': "3",
    'ai_chat_http_requests_total{route="/api/chat",status="400"}': "1",
    'ai_chat_http_requests_total{route="other",status="404"}': "1",
    'ai_chat_logins_total{outcome="ok"}': "1",
    'ai_chat_logins_total{outcome="invalid_credentials"}': "1",
    'ai_chat_logins_total{outcome="rate_limited"}': "1",
    'ai_chat_limited_total{limit="login"}': "1",
    'ai_chat_registrations_total{outcome="ok"}': "1",
    'ai_chat_registrations_total{outcome="username_taken"}': "1",
    ai_chat_password_seconds_count: "3",
    ai_chat_passwords_waiting: "0",
    ai_chat_questions_in_flight: "0",
  };
  for (const [name, wanted] of Object.entries(series))
    expect(`${name} ${await value(name)}`).toBe(`${name} ${wanted}`);
  expect(Number(await value("ai_chat_http_connections"))).toBeGreaterThan(0);
  // The answer that is kept for its key.
  expect(Number(await value("ai_chat_buffered_bytes"))).toBeGreaterThan(1000);
});

test("a question that a client sent ahead adds no time of the AI that answered those before it", async () => {
  let clock = 1000;
  const answers = answer("Hello");
  const { server, value } = await setUp({}, (request, response) => {
    clock += 2000;
    return answers(request, response);
  });
  const client = await openRawClient(server.port);
  const question = rawQuestion(await server.token("jane"), { Accept: "application/json" });
  vi.spyOn(performance, "now").mockImplementation(() => clock);
  client.send(question + question);
  await client.until('"tokens_deducted":100}', 2);
  expect(await value('ai_chat_ai_seconds_sum{model="fake-model"}')).toBe("4");
  expect(await value('ai_chat_added_latency_seconds_sum{model="fake-model"}')).toBe("0");
});

test("metrics are served until the drain has ended", async () => {
  const release = gate();
  const { ai, server, url, value } = await setUp({}, answer(["Hel", release.opened, "lo"]));
  const client = await openRawClient(server.port);
  client.send(rawQuestion(await server.token("jane")));
  await ai.arrived(1);
  const closing = server.running.close();
  expect(await value("ai_chat_questions_in_flight")).toBe("1");
  release.open();
  await client.ended();
  await closing;
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});

test("a port that is taken is a StartupError, before the store is opened", async () => {
  const { url } = await setUp();
  const { port } = new URL(url);
  const refused = openTestServer({ metrics: { host: "127.0.0.1", port: Number(port) } });
  await expect(refused).rejects.toThrow(StartupError);
  await expect(refused).rejects.toMatchObject({
    message: `Port ${port} on 127.0.0.1 is in use.`,
    hint: `Stop the program that uses it, or take another port: --metrics 127.0.0.1:${Number(port) + 1}`,
  });
});

test("beyond loopback a warning says who can read the metrics; on it there is none", async () => {
  // Only this machine, by an address that is not taken for loopback.
  const { server, url } = await setUp({ metrics: { host: "::ffff:127.0.0.1", port: 0 } });
  expect(server.warnings).toEqual([expect.stringContaining(`Everybody who reaches ${url} `)]);
  const reply = await fetch(url.replace("[::ffff:127.0.0.1]", "127.0.0.1"));
  expect(await reply.text()).toContain("ai_chat_info");
  expect((await setUp()).server.warnings).toEqual([]);
});

test("after a reload the models of the new list have their labels, and the port stays", async () => {
  const demo: Wishes = { provider: "demo", baseUrl: undefined };
  const { server, url, value } = await setUp({ ...demo, models: [testModel({ name: "small" })] });
  const models = [testModel({ name: "large" })] as const;
  const config = testConfig(server.dir, { ...demo, models, metrics: { host: "127.0.0.1", port: 1 } });
  const restart = await server.running.reload(config);
  expect(restart).toContain("metrics");
  const token = await server.token("jane");
  await (await server.post("/api/chat/", { message: "hi" }, { Authorization: `Bearer ${token}` })).text();
  expect(await value('ai_chat_questions_total{model="large",outcome="answered"}')).toBe("1");
  expect(await value('ai_chat_questions_total{model="small",outcome="answered"}')).toBeUndefined();
  expect(server.running.metrics).toBe(url);
});

test("connections that ask nothing do not keep a scrape out for long, and are bounded", async () => {
  const { url, value } = await setUp();
  const port = Number(new URL(url).port);
  const idle = await Promise.all(Array.from({ length: 20 }, () => openRawClient(port)));
  // Those beyond the bound are closed at once.
  await Promise.race(idle.map((client) => client.ended()));
  for (const client of idle) client.vanish();
  expect(await value("ai_chat_questions_in_flight")).toBe("0");
});
