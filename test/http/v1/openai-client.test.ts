import OpenAI from "openai";
import { expect, test } from "vitest";
import { answer, chunk, failure, bytes } from "../../support/openai-server.ts";
import { openServerWithAi } from "../../support/server-with-ai.ts";

/** OpenAI's own client, which knows nothing of this server. */

const { ai, server } = openServerWithAi({ startingTokens: 100_000 });

async function openClient(more: Partial<ConstructorParameters<typeof OpenAI>[0]> = {}) {
  const apiKey = await server.token(`client-${Math.random()}`);
  const before = await server.settled(apiKey);
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey, ...more });
  return { client, apiKey, spent: async () => before - (await server.settled(apiKey)) };
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

const messages = [{ role: "user" as const, content: "Say hello." }];
const model = "fake-model";

test("asks, and sees the price in a header", async () => {
  const { client, spent } = await openClient();
  ai.respond(answer("Hello."));
  const { data, response } = await client.chat.completions.create({ model, messages }).withResponse();
  expect(data.choices[0]).toMatchObject({ message: { content: "Hello." }, finish_reason: "stop" });
  expect(response.headers.get("tokens-remaining")).toBe("99900");
  expect(await spent()).toBe(100);
});

test("streams a text with its usage", async () => {
  const { client, spent } = await openClient();
  const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
  ai.respond(
    bytes(
      [
        chunk({ role: "assistant", content: "" }),
        chunk({ content: "Hel" }),
        chunk({ content: "lo." }),
        chunk({}, "stop"),
        `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", model: "m", choices: [], usage })}\n\n`,
        "data: [DONE]\n\n",
      ],
      { type: "text/event-stream" },
    ),
  );
  const stream = await client.chat.completions.create({
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await all(stream);
  expect(chunks.map(({ choices: [first] }) => first?.delta.content ?? "").join("")).toBe("Hello.");
  expect(chunks.map(({ choices: [first] }) => first?.finish_reason)).toEqual([
    null,
    null,
    null,
    "stop",
    undefined,
  ]);
  expect(chunks.at(-1)?.usage).toEqual(usage);
  expect(ai.requests.at(-1)?.body.stream_options).toEqual({ include_usage: true });
  expect(await spent()).toBe(100);
});

test("calls a tool, streamed, and sends its result", async () => {
  const { client, spent } = await openClient();
  const call = { index: 0, id: "t1", type: "function", function: { name: "add", arguments: "" } };
  const rest = (text: string) => chunk({ tool_calls: [{ index: 0, function: { arguments: text } }] });
  ai.respond(
    bytes(
      [
        chunk({ role: "assistant", content: null, tool_calls: [call] }),
        rest('{"a":1,'),
        rest('"b":2}'),
        chunk({}, "tool_calls"),
        "data: [DONE]\n\n",
      ],
      { type: "text/event-stream" },
    ),
  );
  const tools = [
    {
      type: "function" as const,
      function: { name: "add", parameters: { type: "object", properties: { a: { type: "number" } } } },
    },
  ];
  const final = await client.chat.completions.stream({ model, messages, tools }).finalChatCompletion();
  const [choice] = final.choices;
  expect(choice?.finish_reason).toBe("tool_calls");
  expect(choice?.message.tool_calls?.[0]).toMatchObject({
    id: "t1",
    function: { name: "add", arguments: '{"a":1,"b":2}' },
  });
  ai.respond(answer("3"));
  const result = { role: "tool" as const, tool_call_id: "t1", content: "3" };
  const { choices } = await client.chat.completions.create({
    model,
    tools,
    messages: [...messages, choice!.message, result],
  });
  expect(choices[0]?.message.content).toBe("3");
  expect(ai.requests.at(-1)?.body).toMatchObject({ tools, messages: [{}, { tool_calls: [{}] }, result] });
  expect(await spent()).toBe(200);
});

test("lists the models, and knows one of them", async () => {
  const { client } = await openClient();
  expect((await client.models.list()).data.map(({ id }) => id)).toEqual([model]);
  expect((await client.models.retrieve(model)).id).toBe(model);
  await expect(client.models.retrieve("a/b")).rejects.toMatchObject({ status: 404, code: "model_not_found" });
  await expect(new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "x" }).models.list()).rejects.toMatchObject({
    status: 401,
    code: "invalid_api_key",
  });
});

test("asks once where repeating can't help, and again where it can", async () => {
  const { client, spent } = await openClient({ maxRetries: 1 });
  const asked = async (script: Parameters<typeof ai.respond>[0]) => {
    const before = ai.requests.length;
    ai.respond(script);
    await client.chat.completions.create({ model, messages }).catch(() => {});
    return ai.requests.length - before;
  };
  expect(await asked(failure(401))).toBe(1);
  expect(await asked(failure(400))).toBe(1);
  expect(await asked(failure(500))).toBe(2);
  expect(await spent()).toBe(0);
});

test("sees a failure in the middle of a stream as an error", async () => {
  const { client, spent } = await openClient();
  ai.respond(answer(["Hel", "lo"], { finish: null, end: "cut" }));
  const stream = await client.chat.completions.create({ model, messages, stream: true });
  await expect(all(stream)).rejects.toMatchObject({ code: "upstream_error" });
  expect(await spent()).toBe(0);
});
