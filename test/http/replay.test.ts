import { afterEach, expect, test } from "vitest";
import type { Provider } from "../../src/server/core/provider.ts";
import { openRawClient, rawQuestion } from "./raw-client.ts";
import { openWiredServer } from "./wired-server.ts";

/** 6 MB of UTF-8, whose characters have one to four bytes, so that no piece ends between two of them by chance. */
const LONG = "aü€😀".repeat(600_000);
const KEYED = { "Idempotency-Key": "k" };
const STREAMED = { ...KEYED, Accept: "text/event-stream" };

let server: Awaited<ReturnType<typeof openWiredServer>>;
afterEach(() => server.close());

/** A server that has answered the key once; it fails at every other question. */
async function setUp(timeout?: number) {
  const answers = [LONG];
  const provider: Provider = {
    model: "m",
    answer: async () => {
      const answer = answers.pop();
      if (answer === undefined) throw new Error("asked again");
      return answer;
    },
    close: async () => {},
  };
  server = await openWiredServer({ provider, ...(timeout !== undefined && { timeout }) });
  expect(await (await ask(KEYED)).json()).toEqual({ response: LONG, tokens_deducted: 100 });
}

const ask = (headers: Record<string, string>) =>
  fetch(`${server.url}/api/chat/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${server.token}`, ...headers },
    body: JSON.stringify({ message: "hello" }),
  });

async function expectReplay() {
  const reply = await ask(STREAMED);
  expect(reply.headers.get("idempotent-replayed")).toBe("true");
  const events = (await reply.text()).trimEnd().split("\n\n");
  const [name, data = ""] = (events.pop() ?? "").split("\ndata: ");
  expect(name).toBe("event: done");
  const done = JSON.parse(data) as { response: string };
  expect(done).toMatchObject({ tokens_deducted: 100, tokens_remaining: 3900 });
  expect(done.response === LONG).toBe(true);
  const deltas = events.map(
    (event) => JSON.parse(event.replace("event: delta\ndata: ", "")) as { text: string },
  );
  expect(deltas.every(({ text }) => text.isWellFormed() && Buffer.byteLength(text) <= 64 * 1024)).toBe(true);
  expect(deltas.map(({ text }) => text).join("") === LONG).toBe(true);
}

test("a long answer is replayed as a stream in pieces of at most 64 KiB, for every repeat", async () => {
  await setUp();
  await expectReplay();
  await expectReplay();
  expect(await server.balance()).toEqual({ tokens: 3900, held: 0 });
});

test("a reader that stops during a replay is disconnected, and the key stays valid", async () => {
  await setUp(500);
  const client = await openRawClient(server.port);
  client.pause();
  client.send(rawQuestion(server.token, STREAMED));
  for (;;) {
    if (server.log.some(({ left }) => left)) break;
    await new Promise(setImmediate);
  }
  client.vanish();
  await expectReplay();
  expect(await server.balance()).toEqual({ tokens: 3900, held: 0 });
});
