import { Agent, MockAgent } from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ModelConfig } from "../../../src/server/config.ts";
import { chooseProvider } from "../../../src/server/providers/choose.ts";
import { isOllama, ollamaContext } from "../../../src/server/providers/ollama.ts";
import { openTestServer, testModel } from "../../support/test-server.ts";
import {
  answer,
  bytes,
  failure,
  openFakeOpenAi,
  silence,
  type FakeOpenAi,
  type Script,
} from "../../support/openai-server.ts";

/** How much of a conversation an Ollama reads: docs/server.md#context */

let upstream: FakeOpenAi;
let dispatcher: Agent;
beforeEach(async () => {
  upstream = await openFakeOpenAi();
  dispatcher = new Agent();
});
afterEach(async () => {
  await dispatcher.destroy();
  await upstream.close();
});

const shows =
  (script: Script): Script =>
  (request, response) =>
    (request.path === "/api/show" ? script : answer("Hello."))(request, response);
const told = (body: object) => shows(bytes([JSON.stringify(body)]));

const llama = { "general.architecture": "llama", "llama.context_length": 131_072 };
const parameters =
  'stop                           "<|eot_id|>"\nnum_ctx                        8192\ntemperature 1';

test.each([
  ["3 characters for each token of its num_ctx", { parameters, model_info: llama }, 3 * 8192],
  ["Ollama's default without a num_ctx", { parameters: "temperature 1", model_info: llama }, 3 * 4096],
  ["no more than the model can", { parameters, model_info: { "qwen.context_length": 2048 } }, 3 * 2048],
  [
    "all that a model of its cloud can",
    { remote_host: "https://ollama.com", model_info: llama },
    3 * 131_072,
  ],
  ["its num_ctx alone", { parameters }, 3 * 8192],
  ["48,000 if nothing tells it", { license: "MIT" }, 48_000],
  [
    "Ollama's default if the model's own limit is no number",
    { model_info: { "x.context_length": "many" } },
    3 * 4096,
  ],
])("is %s", async (_what, body, characters) => {
  upstream.respond(told(body));
  const { provider, reason } = await chooseProvider({
    ollamaUrl: upstream.url.replace("/v1", ""),
    model: "m",
  });
  await provider.close();
  expect(provider.contextChars).toBe(characters);
  expect(upstream.requests.at(-1)).toMatchObject({ method: "POST", path: "/api/show", body: { model: "m" } });
  const words =
    characters === 48_000
      ? ""
      : `, it reads ${(characters / 3).toLocaleString("en")} tokens of a conversation`;
  expect(reason).toBe(`Ollama answers at ${upstream.url}${words}`);
});

test.each<[what: string, script: Script, answered: boolean, timeout?: number]>([
  ["does not know the model", failure(404), true],
  ["sends a page", bytes(["<h1>Hi</h1>"]), true],
  ["is busy", failure(503), false],
  ["is silent", silence(), false, 10],
])("is 48,000 if it %s", async (_what, script, answered, timeout = 60_000) => {
  upstream.respond(shows(script));
  const asked = ollamaContext({ baseUrl: upstream.url, model: "m", dispatcher, timeout });
  expect(await asked).toEqual({ characters: 48_000, tokens: undefined, answered });
});

test("is asked with what the operator adds to a request", async () => {
  upstream.respond(told({ parameters }));
  const baseUrl = `${upstream.url.replace("//", "//jane:secret@")}?key=1`;
  await ollamaContext({ baseUrl, model: "m", headers: { "X-One": "1" }, dispatcher, timeout: 60_000 });
  const { path, headers } = upstream.requests[0]!;
  expect([path, headers["x-one"]]).toEqual(["/api/show?key=1", "1"]);
  expect(headers.authorization).toMatch(/^Basic /);
});

test("an Ollama is told by its port", () => {
  expect(["http://127.0.0.1:11434/v1", "http://ollama:11434", "http://h:11434/v1?x=1"].map(isOllama)).toEqual(
    [true, true, true],
  );
  expect(["http://127.0.0.1:8080/v1", "http://h/11434/v1"].map(isOllama)).toEqual([false, false]);
});

describe("an Ollama at a base URL", () => {
  const baseUrl = "http://ai.test:11434/v1";
  const completion = { choices: [{ index: 0, message: { content: "Hi." }, finish_reason: "stop" }] };
  let mock: MockAgent;
  beforeEach(() => {
    mock = new MockAgent();
    mock.disableNetConnect();
  });
  afterEach(() => mock.close());
  const replies = (path: string, method: string, status: number, body: object) =>
    mock.get("http://ai.test:11434").intercept({ path, method }).reply(status, body);
  const open = () => chooseProvider({ baseUrl, model: "m", dispatcher: mock });
  const messages = [{ role: "user" as const, content: "Hello" }];

  test("is asked at the start", async () => {
    replies("/api/show", "POST", 200, { parameters });
    const { provider, reason } = await open();
    expect(provider.contextChars).toBe(3 * 8192);
    expect(reason).toBe(`the base URL is ${baseUrl}, it reads 8,192 tokens of a conversation`);
    await provider.close();
  });

  test("is asked again before each question until it answers", async () => {
    replies("/api/show", "POST", 503, {});
    const { provider } = await open();
    const ask = async () => {
      await provider.learn?.();
      return provider.answer({ messages, signal: new AbortController().signal });
    };
    expect(provider.contextChars).toBe(48_000);
    replies("/api/show", "POST", 502, {});
    replies("/v1/chat/completions", "POST", 200, completion);
    await ask();
    expect(provider.contextChars).toBe(48_000);
    replies("/api/show", "POST", 200, { parameters });
    replies("/v1/chat/completions", "POST", 200, completion);
    expect(await ask()).toBe("Hi.");
    expect([provider.model, provider.contextChars]).toEqual(["m", 3 * 8192]);
    replies("/v1/chat/completions", "POST", 200, completion);
    await ask();
    expect(mock.pendingInterceptors()).toEqual([]);
    await provider.close();
  });
});

test.each([
  ["history", { message: "now", history: [{ role: "user", content: "x".repeat(3 * 4096) }] }, 200, "0", 3900],
  ["message", { message: "x".repeat(3 * 4096 + 1) }, 400, null, 4000],
])("an Ollama that was late gets no longer %s than it reads", async (_what, question, status, sent, left) => {
  const mock = new MockAgent();
  mock.disableNetConnect();
  const baseUrl = "http://ai.test:11434/v1";
  const server = await openTestServer({
    provider: "openai",
    dispatcher: mock,
    models: [testModel({ baseUrl, upstream: "m", contextChars: undefined })],
  });
  const ai = mock.get("http://ai.test:11434");
  ai.intercept({ path: "/api/show", method: "POST" }).reply(200, { model_info: llama });
  const completion = { choices: [{ index: 0, message: { content: "Hi." }, finish_reason: "stop" }] };
  ai.intercept({
    path: "/v1/chat/completions",
    method: "POST",
    body: (body) => (JSON.parse(body) as { messages: unknown[] }).messages.length === 1,
  }).reply(200, completion);
  const token = await server.token("jane");
  const reply = await server.post("/api/chat/", question, { Authorization: `Bearer ${token}` });
  expect([reply.status, reply.headers.get("turns-sent")]).toEqual([status, sent]);
  expect(await server.settled(token)).toBe(left);
  await server.close();
  await mock.close();
});

describe("the limits of a server", () => {
  test.each([undefined, "m"])("wait for an Ollama that is late (model %s)", async (upstream) => {
    const mock = new MockAgent();
    mock.disableNetConnect();
    const model = testModel({ baseUrl: "http://ai.test:11434/v1", upstream, messageChars: 150_000 });
    const server = await openTestServer({
      provider: "openai",
      dispatcher: mock,
      models: [{ ...model, contextChars: undefined }],
    });
    expect(server.running.model).toBe(upstream ?? "gpt-4o-mini");
    expect(await limitsOf(server.url)).toEqual({ message: 48_000, context: 48_000, turns: 200 });
    await server.close();
    await mock.close();
  });

  const open = (wishes: Partial<ModelConfig>) =>
    openTestServer({
      provider: undefined,
      models: [testModel({ baseUrl: upstream.url, upstream: "m", ...wishes })],
    });
  const limitsOf = async (url: string) =>
    ((await (await fetch(`${url}/api/`)).json()) as { limits: unknown }).limits;

  test.each([
    ["follow what the operator set", { contextChars: 5000 }, 5000, 5000],
    ["have a shorter message, if the operator set one", { contextChars: 5000, messageChars: 70 }, 5000, 70],
    ["are 100,000 characters if nothing is known", { contextChars: undefined }, 100_000, 100_000],
    ["leave the message alone where no history is sent", { contextChars: 0 }, 0, 32_000],
    [
      "let a message be longer where no history is sent",
      { contextChars: 0, messageChars: 90_000 },
      0,
      90_000,
    ],
  ])("%s", async (_what, wishes, context, message) => {
    const server = await open(wishes);
    expect(await limitsOf(server.url)).toEqual({ message, context, turns: 200 });
    await server.close();
  });

  test.each([{ contextChars: 5000 }, { contextChars: undefined }])(
    "with a message above the context (%j) are refused at the start",
    async (wishes) => {
      await expect(open({ messageChars: 100_001, ...wishes })).rejects.toMatchObject({
        name: "StartupError",
        message: `message_chars is 100001, but the model reads at most ${wishes.contextChars ?? 100_000} characters of a conversation.`,
      });
    },
  );
});
