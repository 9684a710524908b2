import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Problem } from "../../src/protocol/errors.ts";
import type { Provider } from "../../src/server/core/provider.ts";
import { Budget } from "../../src/server/http/budget.ts";
import { createEventStream } from "../../src/server/http/event-stream.ts";
import { createTicker } from "../../src/server/http/ticker.ts";
import { answer, openFakeOpenAi } from "../support/openai-server.ts";
import { openTestServer } from "../support/test-server.ts";
import { openRawClient, rawQuestion } from "./raw-client.ts";
import { gate, openWiredServer } from "./wired-server.ts";

/** What else `done` says. */
const rest = { model: "m", finish: null, turns_sent: 0 };

const closers: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closers.splice(0).reverse()) await close();
});

/** A response of a real server, and the client's end of it. */
async function openPair(): Promise<{ res: ServerResponse; reply: Promise<IncomingMessage> }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const asking = get({ port, host: "127.0.0.1", agent: false });
  asking.on("error", () => {});
  const reply = once(asking, "response").then(([message]) => message as IncomingMessage);
  reply.catch(() => {});
  const [, res] = (await once(server, "request")) as [IncomingMessage, ServerResponse];
  closers.push(() => {
    asking.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { res, reply };
}

const budget = new Budget(16 * 1024 * 1024);
const wishes = { finishHead: () => [], patience: 60_000, ticker: createTicker(), budget };

test("a streamed answer is exactly the documented bytes", async () => {
  const ai = await openFakeOpenAi();
  ai.respond(answer(["Hel", "lo\n"]));
  const server = await openTestServer({ baseUrl: ai.url });
  closers.push(
    () => ai.close(),
    () => server.close(),
  );
  const client = await openRawClient(server.port);
  client.send(rawQuestion(await server.token("jane"), { Accept: "text/event-stream", Connection: "close" }));
  const [head = "", body = ""] = (await client.ended()).split(/\r\n\r\n([^]*)/);
  expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  for (const line of [
    "Content-Type: text/event-stream; charset=utf-8",
    "Cache-Control: no-store",
    "X-Accel-Buffering: no",
  ]) {
    expect(head.split("\r\n")).toContain(line);
  }
  expect(head).not.toMatch(/content-encoding/i);
  expect(body.replace(/[0-9a-f]+\r\n([^]*?)\r\n/g, "$1")).toBe(
    'event: delta\ndata: {"text":"Hel"}\n\n' +
      'event: delta\ndata: {"text":"lo\\n"}\n\n' +
      'event: done\ndata: {"response":"Hello\\n","tokens_deducted":100,"tokens_remaining":3900,"model":"fake-model","finish":"stop","turns_sent":0}\n\n',
  );
});

describe("silence", () => {
  /** A stream on a fake clock, and what was written to it. */
  async function openQuiet() {
    const { res, reply } = await openPair();
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const written = vi.spyOn(res, "write");
    const stream = createEventStream(res, { ...wishes, ticker: createTicker() });
    const pings = () => written.mock.calls.filter(([text]) => text === ": ping\n\n").length;
    return { res, reply, stream, pings, pass: (seconds: number) => vi.advanceTimersByTime(seconds * 1000) };
  }

  test("gets the head and a ping after 10 s without a delta, and a ping each 15 s", async () => {
    const { res, reply, stream, pings, pass } = await openQuiet();
    pass(60);
    stream.asking(false);
    pass(10);
    expect(res.headersSent).toBe(false);
    pass(1);
    expect([res.headersSent, pings()]).toEqual([true, 1]);
    pass(15);
    expect(pings()).toBe(1);
    pass(1 + 16 + 16);
    expect(pings()).toBe(4);
    stream.deltas(["a"], false);
    pass(15);
    stream.deltas(["b"], false);
    await new Promise(setImmediate);
    pass(15);
    expect(pings()).toBe(4);
    pass(1);
    expect(pings()).toBe(5);
    await stream.done({ response: "ab", tokens_deducted: 100, tokens_remaining: 0, ...rest });
    pass(60);
    expect(pings()).toBe(5);
    (await reply).resume();
  });

  test("states a replay in the head of a first ping", async () => {
    const { res } = await openPair();
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const finishHead = vi.fn<(replayed: boolean) => string[]>(() => []);
    createEventStream(res, { ...wishes, finishHead, ticker: createTicker() }).asking(true);
    vi.advanceTimersByTime(60_000);
    expect(finishHead.mock.calls).toEqual([[true]]);
  });

  test("is ended by reasoning", async () => {
    const { reply, stream, pings, pass } = await openQuiet();
    stream.asking(false);
    pass(9);
    stream.reasoning("Hm");
    await new Promise(setImmediate);
    pass(15);
    expect(pings()).toBe(0);
    pass(1);
    expect(pings()).toBe(1);
    (await reply).resume();
  });

  test("gets no ping after the client left", async () => {
    const { res, stream, pass } = await openQuiet();
    stream.asking(false);
    stream.deltas(["a"], false);
    const closed = once(res, "close");
    res.destroy();
    await closed;
    pass(1);
    expect(vi.getTimerCount()).toBe(0);
    expect(stream.deltas(["b"], false)).toBe(false);
  });
});

test("the first delta after reasoning is in the socket when delta says so", async () => {
  const { res, reply } = await openPair();
  const stream = createEventStream(res, wishes);
  stream.asking(false);
  stream.reasoning("Hm");
  const written = vi.spyOn(res, "write");
  expect(stream.deltas(["a"], false)).toBe(true);
  expect(written.mock.calls).toEqual([
    ['event: reasoning\ndata: {"text":"Hm"}\n\nevent: delta\ndata: {"text":"a"}\n\n'],
  ]);
  (await reply).resume();
});

describe("of a client that reads nothing", () => {
  /** Hands over pieces until the stream asks to wait. */
  async function fill() {
    const { res, reply } = await openPair();
    const stream = createEventStream(res, { ...wishes, unread: 100_000 });
    stream.deltas(["first"], false);
    (await reply).pause();
    const piece = "ü".repeat(5_000);
    let count = 0;
    while (!stream.untilRead()) {
      expect(stream.deltas([piece], false)).toBe(true);
      count += 1;
      await new Promise(setImmediate);
    }
    return { res, reply: await reply, stream, text: `first${piece.repeat(count)}` };
  }

  test("little waits, which is counted, and the AI has to wait until it was read", async () => {
    const { reply, stream, text } = await fill();
    expect(budget.taken).toBeGreaterThan(100_000);
    expect(budget.taken).toBeLessThan(200_000);
    let isRead = false;
    void stream.untilRead()!.then(() => (isRead = true));
    await new Promise(setImmediate);
    expect(isRead).toBe(false);
    let came = "";
    reply
      .setEncoding("utf8")
      .on("data", (more: string) => (came += more))
      .resume();
    await stream.untilRead();
    expect([stream.untilRead(), budget.taken]).toEqual([undefined, 0]);
    await stream.done({ response: "", tokens_deducted: 100, tokens_remaining: 0, ...rest });
    await once(reply, "end");
    expect(textOf(came) === text).toBe(true);
    expect(
      came.endsWith(
        `event: done\ndata: ${JSON.stringify({ response: "", tokens_deducted: 100, tokens_remaining: 0, ...rest })}\n\n`,
      ),
    ).toBe(true);
  });

  test("the AI has to wait until all of that is read, not only a part", async () => {
    const { res } = await openPair();
    const stream = createEventStream(res, { ...wishes, unread: 100_000 });
    let isFull = true;
    vi.spyOn(res, "writableNeedDrain", "get").mockImplementation(() => isFull);
    vi.spyOn(res, "writableLength", "get").mockImplementation(() => (isFull ? 1 : 0));
    vi.spyOn(res, "write").mockImplementation(() => (isFull = true));
    /** The client has read one piece. */
    const readPiece = async () => {
      isFull = false;
      res.emit("drain");
      await new Promise(setImmediate);
    };
    stream.deltas(["first"], false);
    stream.deltas(["x".repeat(110_000)], false);
    await new Promise(setImmediate);
    expect(stream.untilRead()).toBeInstanceOf(Promise);
    await readPiece();
    expect(budget.taken).toBeLessThan(100_000);
    expect(stream.untilRead()).toBeInstanceOf(Promise);
    while (stream.untilRead()) await readPiece();
    expect(budget.taken).toBe(0);
    res.destroy();
  });

  test("the wait ends when it leaves", async () => {
    const { res, stream } = await fill();
    const waiting = stream.untilRead();
    res.destroy();
    await waiting;
    expect([stream.deltas(["more"], false), budget.taken]).toEqual([false, 0]);
  });

  test("an error comes after what waits", async () => {
    const { reply, stream, text } = await fill();
    const failing = stream.fail({ code: "upstream_error" } as Problem);
    let came = "";
    for await (const more of reply.setEncoding("utf8")) came += String(more);
    await failing;
    expect(textOf(came) === text).toBe(true);
    expect(came).toMatch(/\n\nevent: error\ndata: \{"code":"upstream_error"\}\n\n$/);
  });

  test("a long text is not written at once", async () => {
    const { res, reply } = await openPair();
    const stream = createEventStream(res, wishes);
    const long = "x".repeat(8_000_000);
    expect(stream.deltas([long], false)).toBe(true);
    const incoming = (await reply).setEncoding("utf8");
    incoming.pause();
    await new Promise(setImmediate);
    expect(res.writableLength).toBeLessThan(256 * 1024);
    let came = "";
    incoming.on("data", (more: string) => (came += more)).resume();
    await stream.done({ response: "", tokens_deducted: 100, tokens_remaining: 0, ...rest });
    await once(incoming, "end");
    expect(textOf(came) === long).toBe(true);
  });

  test("the first delta after much reasoning is in the socket when delta says so", async () => {
    const { res, reply } = await openPair();
    const stream = createEventStream(res, { ...wishes, unread: 100_000 });
    stream.asking(false);
    stream.reasoning("Hm");
    (await reply).pause();
    while (!stream.untilRead()) {
      stream.reasoning("x".repeat(10_000));
      await new Promise(setImmediate);
    }
    const written = vi.spyOn(res, "write");
    expect(stream.deltas(["a"], false)).toBe(true);
    expect(written.mock.calls.at(-1)?.[0]).toMatch(/event: delta\ndata: \{"text":"a"\}\n\n$/);
  });
});

/** The text of all deltas. */
const textOf = (events: string) =>
  [...events.matchAll(/^event: delta\ndata: (.*)$/gm)]
    .map(([, data = ""]) => (JSON.parse(data) as { text: string }).text)
    .join("");

test("a replay and its end wait for the reader, and little waits in memory", async () => {
  const { res, reply } = await openPair();
  let most = 0;
  const write = res.write.bind(res);
  vi.spyOn(res, "write").mockImplementation((text: string) => {
    const isRoom = write(text);
    most = Math.max(most, res.writableLength);
    return isRoom;
  });
  const stream = createEventStream(res, wishes);
  const long = "x".repeat(6_000_000);
  const told = (async () => {
    const isWhole = await stream.replay(long);
    await stream.done({ response: long, tokens_deducted: 100, tokens_remaining: 0, ...rest });
    return isWhole;
  })();
  const incoming = (await reply).setEncoding("utf8");
  let came = "";
  for await (const piece of incoming) came += String(piece);
  expect(await told).toBe(true);
  expect(came.length).toBeGreaterThan(2 * long.length);
  expect(most).toBeLessThan(256 * 1024);
});

test("nothing is written if the client left before the first delta", async () => {
  const { res } = await openPair();
  const closed = once(res, "close");
  res.destroy();
  await closed;
  const stream = createEventStream(res, wishes);
  expect(stream.deltas(["a"], false)).toBe(false);
  expect(stream.started()).toBe(false);
});

describe("events of one tick", () => {
  const end = { response: "abc", tokens_deducted: 100, tokens_remaining: 0, ...rest };
  const deltas = ["a", "b", "c"].map((text) => `event: delta\ndata: {"text":"${text}"}\n\n`).join("");

  async function all(reply: Promise<IncomingMessage>): Promise<string> {
    let came = "";
    for await (const piece of (await reply).setEncoding("utf8")) came += String(piece);
    return came;
  }

  test("are one write after the first, and stay events of their own", async () => {
    const { res, reply } = await openPair();
    const written = vi.spyOn(res, "write");
    const stream = createEventStream(res, wishes);
    for (const text of ["a", "b", "c"]) expect(stream.deltas([text], false)).toBe(true);
    // The first is with the socket when `delta` returns: from then on the question must be paid.
    expect(written).toHaveBeenCalledTimes(1);
    expect(res.writableLength).toBeGreaterThanOrEqual(deltas.length / 3);
    await new Promise(setImmediate);
    expect(written).toHaveBeenCalledTimes(2);
    await stream.done(end);
    expect(await all(reply)).toBe(`${deltas}event: done\ndata: ${JSON.stringify(end)}\n\n`);
  });

  test("that are handed over together are one write, each an event, whatever they hold", async () => {
    const texts = ["a", '"', "\\", "\n", "\u0001", "👍", "\u2028", "é", "b"];
    const { res, reply } = await openPair();
    const written = vi.spyOn(res, "write");
    const stream = createEventStream(res, wishes);
    expect([stream.deltas(["x", "y"], false), stream.deltas(texts, false)]).toEqual([true, true]);
    await new Promise(setImmediate);
    expect(written).toHaveBeenCalledTimes(2);
    await stream.done(end);
    const events = (await all(reply)).split("\n\n").slice(0, -2);
    const sent = events.map((event) => JSON.parse(event.replace("event: delta\ndata: ", "")) as unknown);
    expect(sent).toEqual(["x", "y", ...texts].map((text) => ({ text })));
  });

  test("come before a done or an error of the same tick", async () => {
    const first = await openPair();
    const whole = createEventStream(first.res, wishes);
    for (const text of ["a", "b", "c"]) whole.deltas([text], false);
    await whole.done(end);
    expect(await all(first.reply)).toBe(`${deltas}event: done\ndata: ${JSON.stringify(end)}\n\n`);
    const second = await openPair();
    const broken = createEventStream(second.res, wishes);
    for (const text of ["a", "b", "c"]) broken.deltas([text], false);
    await broken.fail({ code: "upstream_error" } as Problem);
    expect(await all(second.reply)).toBe(`${deltas}event: error\ndata: {"code":"upstream_error"}\n\n`);
  });

  test("are not written to a client that left in the meantime", async () => {
    const { res, reply } = await openPair();
    const written = vi.spyOn(res, "write");
    const failed = vi.fn<() => void>();
    res.on("error", failed);
    const stream = createEventStream(res, wishes);
    expect([stream.deltas(["a"], false), stream.deltas(["b"], false)]).toEqual([true, true]);
    const closed = once(res, "close");
    res.destroy();
    expect(stream.deltas(["c"], false)).toBe(false);
    await closed;
    await stream.done(end);
    expect(written).toHaveBeenCalledTimes(1);
    expect(failed).not.toHaveBeenCalled();
    await expect(all(reply)).rejects.toThrow("socket hang up");
  });
});

test("a client that stops reading makes the AI wait, and pays when the time of its question is over", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const piece = "x".repeat(60_000);
  let given = 0;
  const waiting = gate();
  const provider: Provider = {
    model: "test",
    answer: async ({ signal, onDelta, untilRead }) => {
      const isFull = () => untilRead?.() !== undefined;
      while (!isFull()) {
        signal.throwIfAborted();
        given += piece.length;
        onDelta?.([piece]);
        // Several in one tick, as they come from a socket.
        if (given % (10 * piece.length) === 0) await new Promise(setImmediate);
      }
      waiting.open();
      return new Promise(() => {});
    },
    close: async () => {},
  };
  const server = await openWiredServer({ provider });
  closers.push(() => server.close());
  const client = await openRawClient(server.port);
  client.pause();
  client.send(rawQuestion(server.token, { Accept: "text/event-stream" }));
  await waiting.opened;
  // 1 MiB of our own, and what the system's buffers take.
  expect(given).toBeLessThan(16 * 1024 * 1024);
  expect(server.budget.taken).toBeLessThan(2 * 1024 * 1024);
  expect(await server.balance()).toEqual({ tokens: 4000, held: 100 });
  vi.advanceTimersByTime(60_000);
  while (server.log.length === 0) await new Promise(setImmediate);
  expect(server.log).toMatchObject([{ left: true, charged: 100, tokens: 3900 }]);
  expect(await server.balance()).toEqual({ tokens: 3900, held: 0 });
  client.resume();
  expect(await client.ended()).not.toContain("event: error");
  while (server.budget.taken > 0) await new Promise(setImmediate);
});
