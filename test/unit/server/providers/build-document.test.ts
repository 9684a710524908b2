import { expect, test } from "vitest";
import { eventsOf } from "../../../../src/server/core/completion-events.ts";
import { buildDocument } from "../../../../src/server/providers/relay/build-document.ts";

/** What hosts send in pieces, and what becomes of it. */

const documentOf = (...choices: object[]) =>
  buildDocument(choices.map((choice) => ({ id: "c1", object: "chat.completion.chunk", choices: [choice] })));

test("texts are joined, and what comes again is not", () => {
  expect(
    documentOf(
      { index: 0, delta: { role: "assistant", content: "Hel", reasoning: "H" }, finish_reason: null },
      { index: 0, delta: { role: "assistant", content: "lo", reasoning: "m" }, finish_reason: "" },
      { index: 0, delta: {}, finish_reason: "stop" },
    ),
  ).toEqual({
    id: "c1",
    object: "chat.completion",
    choices: [
      { index: 0, message: { role: "assistant", content: "Hello", reasoning: "Hm" }, finish_reason: "stop" },
    ],
  });
});

test("a choice without an index is the only one; content may begin as parts and go on as text", () => {
  const part = { type: "thinking", thinking: "Hm." };
  const { choices } = documentOf({ delta: { content: [part] } }, { delta: { content: "Hi." } });
  expect(choices).toEqual([
    { index: 0, message: { role: "assistant", content: [part, { type: "text", text: "Hi." }] } },
  ]);
});

test("calls of tools are put together by their index, and log probabilities in their order", () => {
  const call = (index: number, more: object) => ({ delta: { tool_calls: [{ index, ...more }] } });
  const { choices } = documentOf(
    call(0, { id: "a", type: "function", function: { name: "f", arguments: "" } }),
    call(1, { id: "b", type: "function", function: { name: "g", arguments: "{" } }),
    call(0, { id: "a", function: { name: "f", arguments: "{}" } }),
    call(1, { function: { arguments: "}" } }),
    { delta: {}, logprobs: { content: [{ token: "x" }] } },
    { delta: {}, logprobs: { content: [{ token: "y" }] } },
  );
  const document = { choices } as Record<string, unknown>;
  expect(JSON.parse(JSON.stringify(document))).toEqual({
    choices: [
      {
        index: 0,
        logprobs: { content: [{ token: "x" }, { token: "y" }] },
        message: {
          role: "assistant",
          content: null,
          tool_calls: [
            { id: "a", type: "function", function: { name: "f", arguments: "{}" } },
            { id: "b", type: "function", function: { name: "g", arguments: "{}" } },
          ],
        },
      },
    ],
  });
});

test("hundreds of thousands of calls and parts take no quadratic time", () => {
  const calls = Array.from({ length: 200_000 }, (_, index) => ({ index, id: "a" }));
  const { choices } = documentOf(
    { delta: { tool_calls: calls } },
    { delta: { tool_calls: calls.toReversed().map(({ index }) => ({ index, type: "function" })) } },
    ...Array.from({ length: 50_000 }, () => ({ delta: { content: [{ type: "text", text: "x" }] } })),
  );
  const [{ message }] = choices as [{ message: { content: object[]; tool_calls: object[] } }];
  expect(message.tool_calls.at(-1)).toMatchObject({ id: "a", type: "function" });
  expect([message.tool_calls.length, message.content.length]).toEqual([200_000, 50_000]);
});

test("members with names that every object has are kept", () => {
  const { choices } = documentOf({ delta: { toString: "a" } }, { delta: { toString: "b" } }, { delta: {} });
  expect(choices).toEqual([{ index: 0, message: expect.objectContaining({ toString: "ab" }) }]);
});

test("a document as events says the same, and how it ended last", () => {
  const call = { id: "a", type: "function", function: { name: "f", arguments: "{}" } };
  const document = {
    id: "c1",
    object: "chat.completion",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: null, tool_calls: [call] },
        finish_reason: "tool_calls",
      },
    ],
    usage: { total_tokens: 3 },
  };
  const { now, tail, usage } = eventsOf(document);
  const chunks = (now + tail + usage)
    .split("\n\n")
    .slice(0, -1)
    .map((event) => JSON.parse(event.slice("data: ".length)));
  expect(JSON.parse(JSON.stringify(buildDocument(chunks)))).toEqual(document);
  expect(tail).toContain('"finish_reason":"tool_calls"');
});
