import { afterEach, beforeEach, expect, test } from "vitest";
import type { Provider } from "../../../src/server/core/provider.ts";
import { chooseProvider, requestBody } from "../../../src/server/providers/choose.ts";
import { openFakeOpenAi, type FakeOpenAi } from "../../support/openai-server.ts";
import { testModel } from "../../support/test-server.ts";

let upstream: FakeOpenAi;
let provider: Provider | undefined;
beforeEach(async () => {
  upstream = await openFakeOpenAi();
});
afterEach(async () => {
  await provider?.close();
  await upstream.close();
});

const messages = [{ role: "user" as const, content: "Hello" }];
const signal = new AbortController().signal;

test("what an operator sets for a model goes into each request, and nothing overrides what the program sets", async () => {
  const body = requestBody(
    testModel({
      baseUrl: upstream.url,
      maxOutputTokens: 9,
      temperature: 0,
      reasoningEffort: "low",
      extraBody: { top_p: 0.5, model: "x", messages: "x" },
    }),
  );
  const headers = { "X-Title": "Chat" };
  provider = (await chooseProvider({ baseUrl: upstream.url, apiKey: "sk-1", model: "m", headers, body }))
    .provider;
  await provider.answer({ messages, signal });
  await provider.answer({ messages, signal, onDelta: () => {} });
  const [plain, streamed] = upstream.requests;
  const sent = { model: "m", messages, max_tokens: 9, temperature: 0, reasoning_effort: "low", top_p: 0.5 };
  expect(plain?.body).toEqual(sent);
  expect(streamed?.body).toEqual({ ...sent, stream: true });
  for (const request of upstream.requests)
    expect(request.headers).toMatchObject({ "x-title": "Chat", authorization: "Bearer sk-1" });
});

test("the list of models is asked for with the operator's headers too", async () => {
  const headers = { "api-key": "k" };
  provider = (await chooseProvider({ baseUrl: upstream.url, headers })).provider;
  expect(upstream.requests).toMatchObject([{ path: "/v1/models", headers }]);
});

test("OpenAI's own name of the longest answer is used at OpenAI alone", () => {
  expect(requestBody(testModel({ maxOutputTokens: 9 }))).toEqual({ max_completion_tokens: 9 });
  expect(requestBody(testModel({ maxOutputTokens: 9, baseUrl: "https://api.openai.com/v1/" }))).toEqual({
    max_completion_tokens: 9,
  });
  expect(requestBody(testModel())).toEqual({});
});
