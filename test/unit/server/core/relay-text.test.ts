import { expect, test } from "vitest";
import { relayText } from "../../../../src/server/core/relay-text.ts";
import { createDemoProvider } from "../../../../src/server/providers/demo.ts";

test("a completion of the demo is the same plain and as a stream", async () => {
  const provider = createDemoProvider({ delay: 0 });
  const body = { messages: [{ role: "user", content: [{ type: "text", text: "hello" }] }] };
  const { signal } = new AbortController();
  let events = "";
  const request = { body, name: "demo", whole: true, signal };
  const { tail } = await relayText(provider, { ...request, onDelta: (more) => void (events += more) });
  const chunks = (events + tail)
    .split("\n\n")
    .slice(0, -1)
    .map((event) => JSON.parse(event.slice("data: ".length)));
  const deltas = chunks.map(({ choices: [first] }) => first.delta);
  const { choices } = JSON.parse((await relayText(provider, request)).document);
  expect(deltas.map(({ content }) => content ?? "").join("")).toBe(choices[0].message.content);
  expect(deltas[0].role).toBe("assistant");
  expect(chunks.map(({ choices: [first] }) => first.finish_reason)).toEqual([
    ...deltas.slice(1).map(() => null),
    "stop",
  ]);
});
