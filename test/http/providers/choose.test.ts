import { Agent, MockAgent } from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { chooseProvider } from "../../../src/server/providers/choose.ts";
import {
  bytes,
  failure,
  openFakeOpenAi,
  silence,
  type FakeOpenAi,
  type Script,
} from "../../support/openai-server.ts";
import { openRefusingPort, type RefusingPort } from "../../support/refusing-port.ts";

let upstream: FakeOpenAi;
let nobody: RefusingPort;
beforeEach(async () => {
  upstream = await openFakeOpenAi();
  nobody = await openRefusingPort();
});
afterEach(async () => {
  await upstream.close();
  await nobody.close();
});

/** Longer than any machine takes over an answer; where none comes, short. */
const [PATIENT, HASTY] = [60_000, 10];
const choose = async (wishes: Parameters<typeof chooseProvider>[0]) => {
  const { provider, reason } = await chooseProvider({ ollamaUrl: nobody.url, patience: PATIENT, ...wishes });
  await provider.close();
  return { model: provider.model, reason };
};

describe("the provider is", () => {
  test("the demo, if nothing else is set or running", async () => {
    expect(await choose({})).toEqual({
      model: "demo",
      reason: "no API key, no base URL, and no Ollama with a model on this machine",
    });
  });

  test("the demo if --provider names it, whatever else is set", async () => {
    expect(await choose({ provider: "demo", apiKey: "sk-1", baseUrl: upstream.url })).toEqual({
      model: "demo",
      reason: "--provider demo",
    });
  });

  test("OpenAI with its small model, if there is a key", async () => {
    expect(await choose({ apiKey: "sk-1" })).toEqual({ model: "gpt-4o-mini", reason: "an API key is set" });
    expect(await choose({ apiKey: "sk-1", model: "gpt-9" })).toMatchObject({ model: "gpt-9" });
  });

  test("OpenAI, if there is a key and Ollama is running", async () => {
    const wishes = { apiKey: "sk-1", ollamaUrl: upstream.url.replace("/v1", "") };
    expect(await choose(wishes)).toMatchObject({ model: "gpt-4o-mini" });
    expect(upstream.requests).toHaveLength(0);
  });

  test("the base URL with the named model, without asking for models", async () => {
    expect(await choose({ baseUrl: upstream.url, model: "m" })).toEqual({
      model: "m",
      reason: `the base URL is ${upstream.url}`,
    });
    expect(upstream.requests).toHaveLength(0);
  });

  test("the base URL with the first listed model that can chat", async () => {
    upstream.models(["nomic-embed-text", "llama3.2", "mistral"]);
    expect(await choose({ provider: "openai", baseUrl: upstream.url, apiKey: "sk-1" })).toEqual({
      model: "llama3.2",
      reason: `--provider openai, the base URL is ${upstream.url}, an API key is set, llama3.2 is the first model that it lists`,
    });
    expect(upstream.requests[0]).toMatchObject({
      method: "GET",
      path: "/v1/models",
      headers: { authorization: "Bearer sk-1" },
    });
  });

  test("the base URL with the default model, if that is listed", async () => {
    upstream.models(["babbage-002", "gpt-4o-mini"]);
    expect(await choose({ baseUrl: upstream.url })).toMatchObject({ model: "gpt-4o-mini" });
  });

  test.each<[what: string, script: Script, patience?: number]>([
    ["refuses", failure(401)],
    ["lists nothing", bytes([`{"data":[]}`])],
    ["says null", bytes([`{"data":null}`])],
    ["sends a page", bytes(["<h1>Hi</h1>"], { type: "text/html" })],
    ["is silent", silence(), HASTY],
  ])("the default model with a warning, where the base URL %s", async (_what, script, patience = PATIENT) => {
    upstream.models(script);
    const { model, reason } = await choose({ baseUrl: upstream.url, patience });
    expect(model).toBe("gpt-4o-mini");
    expect(reason).toContain("a guess");
  });

  test.each<[what: string, script: Script, patience: number]>([
    ["is still starting", failure(503), PATIENT],
    ["is busy", failure(429), PATIENT],
    ["is silent", silence(), 200],
  ])(
    "the first listed model as soon as the base URL lists any, where it %s at first",
    async (_what, script, patience) => {
      upstream.models(script);
      const warnings: string[] = [];
      const warn = (sentence: string) => void warnings.push(sentence);
      const { provider } = await chooseProvider({ baseUrl: upstream.url, warn, patience });
      const messages = [{ role: "user" as const, content: "Hello" }];
      const ask = async () => {
        await provider.learn?.();
        return provider.answer({ messages, signal: new AbortController().signal });
      };
      const asked = () => upstream.requests.splice(0).map(({ method, body }) => body?.model ?? method);
      expect(warnings).toEqual([expect.stringContaining("does not answer yet")]);
      asked();
      await ask();
      expect(provider.model).toBe("gpt-4o-mini");
      expect(asked()).toEqual(["GET", "gpt-4o-mini"]);
      // A list that is there at once comes in time even for the hasty.
      upstream.models(["llama3.2"]);
      while (provider.model !== "llama3.2") await ask();
      expect(asked().at(-1)).toBe("llama3.2");
      await Promise.all([ask(), ask()]);
      expect(asked()).toEqual(["llama3.2", "llama3.2"]);
      expect(warnings.slice(1)).toEqual([expect.stringContaining("llama3.2")]);
      await provider.close();
    },
  );

  test("asked for its models once, where it answers without any", async () => {
    upstream.models(failure(404));
    const warn = () => expect.fail();
    const { provider } = await chooseProvider({ baseUrl: upstream.url, warn, patience: PATIENT });
    const messages = [{ role: "user" as const, content: "Hello" }];
    await provider.answer({ messages, signal: new AbortController().signal });
    expect(upstream.requests.map(({ method }) => method)).toEqual(["GET", "POST"]);
    await provider.close();
  });

  test("asked for its models through the given dispatcher", async () => {
    const dispatcher = new MockAgent();
    dispatcher.disableNetConnect();
    const reply = { data: [{ id: "by-proxy" }] };
    dispatcher.get("http://ai.test").intercept({ path: "/v1/models" }).reply(200, reply);
    expect(await choose({ baseUrl: "http://ai.test/v1", dispatcher })).toMatchObject({ model: "by-proxy" });
    await dispatcher.close();
  });

  test("shown without user info and query of its base URL", async () => {
    const baseUrl = `${upstream.url.replace("http://", "http://jane:secret@")}?key=secret`;
    const { reason } = await choose({ baseUrl, model: "m" });
    expect(reason).toBe(`the base URL is ${upstream.url}`);
  });

  test("Ollama if it answers, with its first or the named model, and not through the proxy", async () => {
    upstream.models(["llama3.2", "mistral"]);
    const ollamaUrl = upstream.url.replace("/v1", "");
    const dispatcher = new MockAgent();
    dispatcher.disableNetConnect();
    const reason = `Ollama answers at ${upstream.url}`;
    expect(await choose({ ollamaUrl, dispatcher })).toEqual({ model: "llama3.2", reason });
    expect(await choose({ ollamaUrl, dispatcher, model: "phi4" })).toEqual({ model: "phi4", reason });

    const { provider } = await chooseProvider({ ollamaUrl, dispatcher, patience: PATIENT });
    const messages = [{ role: "user" as const, content: "Hello" }];
    expect(await provider.answer({ messages, signal: new AbortController().signal })).toContain("Hello");
    await Promise.all([provider.close(), dispatcher.close()]);
  });

  test.each<[what: string, script: Script, patience?: number]>([
    ["has no model", bytes([`{"object":"list","data":null}`])],
    ["has only models that embed", bytes([`{"data":[{"id":"nomic-embed-text"}]}`])],
    ["is something else", failure(404)],
    ["never answers", silence(), HASTY],
  ])("the demo, if the server on Ollama's port %s", async (_what, script, patience = PATIENT) => {
    upstream.models(script);
    const ollamaUrl = upstream.url.replace("/v1", "");
    expect(await choose({ ollamaUrl, patience })).toMatchObject({ model: "demo" });
  });

  test("the demo, if the list of models does not end; at most 8 MiB of it are read", async () => {
    const piece = "x".repeat(64 * 1024);
    let sent = 0;
    upstream.models(async (_request, response) => {
      response.writeHead(200, { "Content-Type": "application/json" });
      // The system's own buffers hold some MiB more than is read. Beyond 64 MiB nothing more comes.
      while (!response.destroyed && sent < 64 * 1024 * 1024) {
        sent += piece.length;
        await new Promise<void>((resolve) => response.write(piece, () => resolve()));
      }
    });
    const ollamaUrl = upstream.url.replace("/v1", "");
    expect(await choose({ ollamaUrl, patience: PATIENT })).toMatchObject({ model: "demo" });
    expect(sent).toBeLessThan(32 * 1024 * 1024);
  });

  test("the demo with a reason that says that it ignores the model", async () => {
    expect((await choose({ model: "phi4" })).reason).toContain("phi4 is not used");
  });

  test.each([
    ["openai without a key and a base URL", { provider: "openai" as const }],
    ["openai with an empty key", { provider: "openai" as const, apiKey: "", baseUrl: "" }],
    ["a base URL that is none", { baseUrl: "ollama" }],
    ["a key that is none", { apiKey: "a b" }],
    ["a key that is none, when asking for models", { apiKey: "a b", baseUrl: "http://127.0.0.1:9/v1" }],
  ])("not chosen: %s does not start", async (_what, wishes) => {
    await expect(choose(wishes)).rejects.toMatchObject({ name: "StartupError", hint: expect.any(String) });
  });

  test("closed without closing the caller's dispatcher", async () => {
    const dispatcher = new Agent();
    await choose({ baseUrl: upstream.url, dispatcher });
    expect(dispatcher.closed).toBe(false);
    await dispatcher.close();
  });
});
