import { expect, test } from "vitest";
import { answer } from "../../../../src/client/http/answer.ts";
import type { Reply } from "../../../../src/client/http/transport.ts";

const about = { server: "http://chat.example", secrets: [] };

const eventOf = (event: string, data: object) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** A streamed reply that sends the same again and again, and never ends. */
function endless(text: string): { reply: Reply; sent: () => number } {
  let sent = 0;
  const piece = Buffer.from(text.repeat(100));
  const reply: Reply = {
    status: 200,
    header: () => "text/event-stream",
    text: async () => "",
    async *pieces() {
      for (;;) {
        sent += 100;
        yield piece;
      }
    },
  };
  return { reply, sent: () => sent };
}

async function readAll(reply: Reply): Promise<number> {
  let characters = 0;
  for await (const event of answer(reply, about)) if ("text" in event) characters += event.text.length;
  return characters;
}

const MIB = 1024 * 1024;
// Of short pieces fewer characters are read: each takes memory besides its text.
test.each([
  ["delta", 16 * 1024, 18 * MIB],
  ["reasoning", 16 * 1024, 18 * MIB],
  ["delta", 100, 15 * MIB],
])("an answer of %s events of %d characters without an end is given up", async (event, characters, most) => {
  const { reply, sent } = endless(eventOf(event, { text: "x".repeat(characters) }));
  await expect(readAll(reply)).rejects.toMatchObject({
    code: "bad_reply",
    message: "The reply of http://chat.example is larger than 16 MiB.",
    charged: "maybe",
  });
  expect(sent() * characters).toBeLessThan(most);
});

test.each([
  ["comments", `: ${"x".repeat(20_000)}\n\n`],
  ["empty deltas", eventOf("delta", { text: "", x: "x".repeat(20_000) })],
  ["unknown events", eventOf("x", { text: "x".repeat(20_000) })],
])("a stream of %s without an end is given up", async (_, text) => {
  await expect(readAll(endless(text).reply)).rejects.toMatchObject({ code: "bad_reply", charged: "maybe" });
});
