import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import type { Message } from "../../../src/server/core/provider.ts";
import { openOpenAiProvider } from "../../../src/server/providers/openai.ts";
import { askUpstream, forms, inPieces, replyOf } from "../../support/ask-upstream.ts";
import { answer, chunk, failure, openFakeOpenAi, type Script } from "../../support/openai-server.ts";

const DOCUMENT = `{"choices":[{"index":0,"message":{"content":"Hello"},"finish_reason":"stop"}]}`;
const EVENTS = `${chunk({ content: "Hello" })}${chunk({}, "stop")}data: [DONE]\n\n`;
const messages: Message[] = [{ role: "user", content: "Say hello." }];
const question = () => ({ messages, signal: new AbortController().signal });

describe("an upstream that only streams", () => {
  const refusal = failure(400, { message: "This model requires stream=True." });
  const onlyStream: Script = (request, response) =>
    (request.body.stream ? answer("Hello") : refusal)(request, response);

  test("is asked again for a stream, and then at once, until that fails", async () => {
    const upstream = await openFakeOpenAi();
    const provider = openOpenAiProvider({ baseUrl: upstream.url, model: "m" });
    const asked = () => upstream.requests.splice(0).map(({ body }) => body.stream === true);
    upstream.respond(onlyStream);
    expect(await provider.answer(question())).toBe("Hello");
    expect(asked()).toEqual([false, true]);
    expect(await provider.answer(question())).toBe("Hello");
    expect(asked()).toEqual([true]);
    upstream.respond(failure(500));
    await expect(provider.answer(question())).rejects.toMatchObject({ code: "upstream_error" });
    expect(asked()).toEqual([true]);
    upstream.respond(answer("Hello"));
    expect(await provider.answer(question())).toBe("Hello");
    expect(asked()).toEqual([false]);
    await provider.close();
    await upstream.close();
  });

  test.each<[string, Script, number]>([
    ["a 422 that names the parameter", failure(422, { message: "'stream' must be true" }), 2],
    ["a 400 for another reason", failure(400, { message: "Too long." }), 1],
    ["another status", failure(500, { message: "stream broken" }), 1],
  ])(
    "is recognized by 400 and 422 that name stream, not by anything else: %s",
    async (_what, script, times) => {
      const upstream = await openFakeOpenAi();
      const provider = openOpenAiProvider({ baseUrl: upstream.url, model: "m" });
      upstream.respond(script);
      await expect(provider.answer(question())).rejects.toMatchObject({ code: "upstream_error" });
      expect(upstream.requests).toHaveLength(times);
      await provider.close();
      await upstream.close();
    },
  );
});

describe("a connection that is lost before anything of the reply comes", () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** Answers the first request of each connection; `next` gets the others. */
  async function openKeepAlive(next: (socket: Socket) => void, first?: (socket: Socket) => void) {
    const seen = { connections: 0, requests: 0 };
    const reply = `HTTP/1.1 200 OK\r\nContent-Length: ${DOCUMENT.length}\r\n\r\n${DOCUMENT}`;
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      seen.connections += 1;
      sockets.add(socket);
      let requests = 0;
      let text = "";
      socket.on("error", () => {});
      socket.on("data", (bytes: Buffer) => {
        text += bytes.toString();
        if (!text.endsWith("}")) return;
        text = "";
        seen.requests += 1;
        requests += 1;
        if (requests > 1) next(socket);
        else if (first) first(socket);
        else socket.write(reply);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const provider = openOpenAiProvider({ baseUrl: `http://127.0.0.1:${port}/v1`, model: "m" });
    closing.push(async () => {
      await provider.close();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    });
    const ask = async () => {
      const text = await provider.answer(question());
      // undici uses the connection again from the next turn of the event loop on.
      await turn();
      await turn();
      return text;
    };
    return { seen, ask };
  }

  test.each([
    ["reset", (socket: Socket) => void socket.resetAndDestroy()],
    ["closed", (socket: Socket) => void socket.end()],
  ])("is %s: the question is asked once more on a new one, if it was used before", async (_how, lose) => {
    const { seen, ask } = await openKeepAlive(lose);
    expect(await ask()).toBe("Hello");
    expect(await ask()).toBe("Hello");
    expect(seen).toEqual({ connections: 2, requests: 3 });
  });

  test("fails if it is new", async () => {
    const lose = (socket: Socket) => void socket.resetAndDestroy();
    const { seen, ask } = await openKeepAlive(lose, lose);
    await expect(ask()).rejects.toMatchObject({ code: "upstream_error" });
    expect(seen.requests).toBe(1);
  });

  test("fails if some of the reply had come", async () => {
    const { seen, ask } = await openKeepAlive((socket) => void socket.end("HTTP/1.1 2"));
    expect(await ask()).toBe("Hello");
    await expect(ask()).rejects.toMatchObject({ code: "upstream_error" });
    expect(seen.requests).toBe(2);
  });
});

describe.each(forms)("asked %s,", (_form, stream) => {
  test.each([
    ["once", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["with headers", "HTTP/1.1 100 Continue\r\nServer: proxy\r\nX: y\r\n\r\n"],
    ["twice", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Whatever\r\n\r\n"],
    ["and early hints", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"],
  ])("100 Continue that nobody asked for is ignored, %s", async (_what, before) => {
    for (const body of [DOCUMENT, EVENTS]) {
      const reply = Buffer.concat([Buffer.from(before), replyOf([], body)]);
      expect((await askUpstream(() => reply, { stream })).answer).toBe("Hello");
      expect((await askUpstream(() => inPieces(reply, 1), { stream })).answer).toBe("Hello");
    }
  });

  test.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ])("a body with %s, which nobody asked for, is unpacked", async (encoding, pack) => {
    const head = [`Content-Encoding: ${encoding}`];
    for (const body of [DOCUMENT, EVENTS]) {
      const reply = replyOf(head, pack(body));
      expect((await askUpstream(() => reply, { stream })).answer).toBe("Hello");
      expect((await askUpstream(() => inPieces(reply, 1), { stream })).answer).toBe("Hello");
      const { error } = await askUpstream(() => replyOf(head, pack(body).subarray(0, 20)), { stream });
      expect(error).toMatchObject({ code: "upstream_error" });
    }
    const refusal = replyOf(head, pack(`{"error":{"message":"No."}}`), "401 Unauthorized");
    expect((await askUpstream(() => refusal, { stream })).error?.cause).toMatch(/401.*it says: No\./);
  });
});

test("the AI gets no two messages of one role in a row and no empty one", async () => {
  const conversation: Message[] = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "One" },
    { role: "assistant", content: " \n" },
    { role: "user", content: "Two" },
    { role: "assistant", content: "2" },
    { role: "assistant", content: "II" },
    { role: "user", content: "" },
    { role: "user", content: "Three" },
  ];
  const given = structuredClone(conversation);
  const { requests } = await askUpstream(() => replyOf([], DOCUMENT), { messages: conversation });
  expect(JSON.parse(requests[0]!.body)).toEqual({
    model: "m",
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "One\n\nTwo" },
      { role: "assistant", content: "2\n\nII" },
      { role: "user", content: "Three" },
    ],
  });
  expect(conversation).toEqual(given);
});
