import { once } from "node:events";
import { createRequire } from "node:module";
import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { createApiClient, type ApiClientOptions } from "../../../src/client/http/api-client.ts";
import type { ClientError } from "../../../src/client/failure.ts";
import { createTransport } from "../../../src/client/http/transport.ts";
import type { AnswerEvent, ApiClient } from "../../../src/client/http/contract.ts";
import { openSmallServer, type Seen } from "../../support/others-server.ts";

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((thing) => thing.close()));
});

async function meet(
  handler: (request: Seen, response: ServerResponse) => void | Promise<void>,
  options: Partial<ApiClientOptions> = {},
) {
  const server = await openSmallServer(handler);
  const client = createApiClient({ server: server.url, token: "secret-token", ...options });
  open.push(client, server);
  return { server, client };
}

/** The clock of undici's timers, which is its own; a timer that was just restarted counts from the first tick. */
function passInUndici(milliseconds: number): void {
  const { tick } = createRequire(import.meta.url)("undici/lib/util/timers.js") as {
    tick: (milliseconds: number) => void;
  };
  tick(1000);
  tick(milliseconds);
}

const question = { message: "hi", history: [], key: "k1" };

/** The events, and the error, if it failed. */
async function hear(client: ApiClient, signal?: AbortSignal) {
  const events: AnswerEvent[] = [];
  try {
    for await (const event of client.ask({ ...question, signal })) events.push(event);
  } catch (error) {
    return { events, error: error as ClientError };
  }
  return { events, error: undefined };
}

const sse = { "content-type": "text/event-stream; charset=utf-8" };
const delta = (text: string) => `event: delta\ndata: ${JSON.stringify({ text })}\n\n`;
const done = (response: string) =>
  `event: done\ndata: ${JSON.stringify({ response, tokens_deducted: 100, tokens_remaining: 3900 })}\n\n`;
const whole = (response: string) => ({ type: "done", response, tokensDeducted: 100, tokens: 3900 });

/** Writes the bytes in small pieces, each in its own packet as far as the system allows. */
async function dribble(response: ServerResponse, bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) {
    response.write(bytes.subarray(at, at + size));
    await new Promise(setImmediate);
  }
  response.end();
}

describe("a streamed answer", () => {
  it.each([1, 2, 3, 7, 1000])("is complete when the network splits it every %i bytes", async (size) => {
    const text = "Héllo 👍 世界";
    const bytes = Buffer.from(`: ping\n\n${delta("Héllo ")}${delta("👍 世界")}${done(text)}`);
    const { client } = await meet((_, response) => dribble(response.writeHead(200, sse), bytes, size));
    expect(await hear(client)).toEqual({
      events: [{ type: "delta", text: "Héllo " }, { type: "delta", text: "👍 世界" }, whole(text)],
      error: undefined,
    });
  });

  it("may have CR LF line ends, unknown events, and a done without text", async () => {
    const { client } = await meet((_, response) => {
      response.writeHead(200, sse);
      response.end(`event: mood\r\ndata: 1\r\n\r\n${delta("a")}${delta("b")}event: done\ndata: {}\n\n`);
    });
    expect((await hear(client)).events).toEqual([
      { type: "delta", text: "a" },
      { type: "delta", text: "b" },
      { type: "done", response: "ab", tokensDeducted: null, tokens: null },
    ]);
  });

  it.each([
    ["joins a character", ["Hi \ud83d", "\ude00!"], ["Hi ", "😀!"]],
    [
      "writes U+FFFD for half a character",
      ["a\ud83d", "b\ude00", "c\ud83d"],
      ["a", "\ufffdb\ufffd", "c", "\ufffd"],
    ],
  ])("%s that the server split over deltas", async (_, split, joined) => {
    const { client } = await meet((_, response) => {
      response.writeHead(200, sse).end(split.map(delta).join("") + done(split.join("")));
    });
    const deltas = joined.map((text) => ({ type: "delta", text }));
    expect((await hear(client)).events).toEqual([...deltas, whole(joined.join(""))]);
  });

  it("ends at done, also when the server keeps the connection open", async () => {
    const { client } = await meet((_, response) => {
      response.writeHead(200, sse).write(delta("a") + done("a"));
    });
    expect((await hear(client)).events.at(-1)).toEqual(whole("a"));
  });

  it("keeps the code of an error event after some text", async () => {
    const problem = { status: 502, code: "upstream_error", detail: "The AI stopped.", request_id: "r1" };
    const { client } = await meet((_, response) => {
      response.writeHead(200, sse);
      response.end(`${delta("a")}event: error\ndata: ${JSON.stringify(problem)}\n\n`);
    });
    const { events, error } = await hear(client);
    expect(events).toEqual([{ type: "delta", text: "a" }]);
    expect(error).toMatchObject({
      code: "upstream_error",
      status: 502,
      requestId: "r1",
      message: "The AI stopped.",
      charged: "no",
    });
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["ends without done", (response) => response.end()],
    ["breaks off", (response) => response.destroy()],
  ])("is a lost connection that may have been charged when it %s", async (_, end) => {
    const { client } = await meet(async (_, response) => {
      response.writeHead(200, sse).write(delta("a"));
      await new Promise(setImmediate);
      end(response);
    });
    const { error } = await hear(client);
    expect(error).toMatchObject({ code: "unreachable", charged: "maybe" });
  });

  it("is bad_reply when an event doesn't match the API", async () => {
    const { client } = await meet((_, response) => {
      response.writeHead(200, sse).end("event: delta\ndata: nonsense\n\n");
    });
    expect((await hear(client)).error).toMatchObject({ code: "bad_reply", charged: "maybe" });
  });

  it("is disconnected when its reader leaves the loop", async () => {
    let gone: Promise<unknown> | undefined;
    const { client } = await meet((_, response) => {
      gone = once(response, "close");
      response.writeHead(200, sse).write(delta("a"));
    });
    for await (const event of client.ask(question)) {
      expect(event).toEqual({ type: "delta", text: "a" });
      break;
    }
    await gone;
  });

  it("is disconnected and reported as interrupted when it is aborted, before or after the first word", async () => {
    for (const first of [delta("a"), ": ping\n\n"]) {
      const controller = new AbortController();
      let gone: Promise<unknown> | undefined;
      const { client } = await meet((_, response) => {
        gone = once(response, "close");
        response.writeHead(200, sse).write(first, () => controller.abort());
      });
      const { error } = await hear(client, controller.signal);
      expect(error).toMatchObject({ code: "interrupted", charged: "maybe" });
      await gone;
    }
  });

  it("is not requested when the signal is already aborted", async () => {
    const { client, server } = await meet(() => {});
    const { error } = await hear(client, AbortSignal.abort());
    expect(error).toMatchObject({ code: "interrupted", charged: "no" });
    expect(server.seen).toEqual([]);
  });

  it("is a timeout that may have been charged when the server stops sending", async () => {
    for (const begin of [
      () => {},
      (response: ServerResponse) => void response.writeHead(200, sse).write(delta("a")),
    ]) {
      const { client } = await meet((_, response) => begin(response), { silence: 0.1 });
      const { error } = await hear(client);
      expect(error).toMatchObject({ code: "timeout", charged: "maybe" });
      expect(error?.remedy).toEqual({ kind: "longer_timeout" });
    }
  });

  it("may be silent for longer than --timeout while pings come", async () => {
    let ping = () => {};
    const server = await openSmallServer((_, response) => {
      response.writeHead(200, sse);
      ping = () => void response.write(": ping\n\n");
      ping();
    });
    const transport = createTransport({ server: server.url, silence: 300, userAgent: "test" });
    open.push(transport, server);
    const reply = await transport.send({ method: "POST", path: "/api/chat", body: {}, question: true });
    let pings = 0;
    const listen = async () => {
      for await (const piece of reply.pieces()) {
        expect(Buffer.from(piece).toString()).toBe(": ping\n\n");
        pings += 1;
        passInUndici(pings < 5 ? 200_000 : 310_000);
        if (pings < 5) ping();
      }
    };
    await expect(listen()).rejects.toMatchObject({ code: "timeout" });
    expect(pings).toBe(5);
  });

  it("tells reasoning apart from the answer", async () => {
    const reasoning = (data: string) => `event: reasoning\ndata: ${data}\n\n`;
    const { client } = await meet((_, response) => {
      response.writeHead(200, sse);
      response.end(
        reasoning('{"text":"Hm"}') + reasoning("nonsense") + delta("a") + "event: done\ndata: {}\n\n",
      );
    });
    expect((await hear(client)).events).toEqual([
      { type: "reasoning", text: "Hm" },
      { type: "delta", text: "a" },
      { type: "done", response: "a", tokensDeducted: null, tokens: null },
    ]);
  });

  it("may have a megabyte in one event", async () => {
    const text = "x".repeat(1_000_000);
    const { client } = await meet((_, response) =>
      dribble(response.writeHead(200, sse), Buffer.from(done(text)), 8192),
    );
    expect((await hear(client)).events).toEqual([whole(text)]);
  });
});

describe("an answer in one piece", () => {
  it("includes the balance if the header has it", async () => {
    const { client } = await meet((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "tokens-remaining": "3900" });
      response.end(JSON.stringify({ response: "Hello", tokens_deducted: "100" }));
    });
    expect((await hear(client)).events).toEqual([whole("Hello")]);
  });

  it.each([
    ["a web page", "<html><title>Welcome</title></html>"],
    ["another object", '{"answer":"Hello"}'],
    ["a list", "[]"],
    ["nothing", ""],
  ])("is bad_reply when it is %s", async (_, body) => {
    const { client } = await meet((_, response) => void response.writeHead(200).end(body));
    expect((await hear(client)).error).toMatchObject({ code: "bad_reply", charged: "maybe" });
  });
});
