import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createChannel, request, requestLines } from "../../../../../src/server/stores/json/channel.ts";
import { makeFolder } from "./place.ts";

/** A channel that listens, and what connects to it. */
async function listening() {
  const path = join(await makeFolder(), "s");
  const channel = createChannel();
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    channel.accept(socket);
  }).listen(path);
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { channel, open: () => connect({ path }), sockets };
}

async function linesOf(socket: Socket): Promise<unknown[]> {
  const lines: unknown[] = [];
  for await (const line of requestLines(socket, {})) lines.push(line);
  return lines;
}

const kilobytes = (count: number) => "x".repeat(count * 1024);

describe("a response of many lines", () => {
  it("comes whole and in order, also lines longer than a request may be", async () => {
    const { channel, open } = await listening();
    channel.serve(async () =>
      (async function* () {
        for (let at = 0; at < 50; at += 1) yield { at, text: kilobytes(at) };
      })(),
    );
    expect(await linesOf(open())).toEqual(
      Array.from({ length: 50 }, (_, at) => ({ at, text: kilobytes(at) })),
    );
    expect(await request(open(), {})).toMatchObject({ kind: "answer", answer: { at: 0 } });
  });

  it("gives the event loop a turn between two lines", async () => {
    const { channel, open } = await listening();
    const [order, turns] = [[] as string[], { at: 0 }];
    channel.serve(async () =>
      (async function* () {
        for (let at = 0; at < 5; at += 1) {
          order.push(`line ${at} in turn ${turns.at}`);
          setImmediate(() => (turns.at += 1));
          yield at;
        }
      })(),
    );
    expect(await linesOf(open())).toEqual([0, 1, 2, 3, 4]);
    expect(order).toHaveLength(5);
    // Each line in a later turn than the one before.
    expect(new Set(order.map((line) => line.split(" ").at(-1))).size).toBe(5);
  });

  it("asks for no more lines than the client takes, and ends when the client goes away", async () => {
    const { channel, open } = await listening();
    const made = { lines: 0, ended: false };
    const ended = new Promise<void>((resolve) => {
      channel.serve(async () =>
        (async function* () {
          try {
            for (;;) {
              made.lines += 1;
              yield kilobytes(64);
            }
          } finally {
            made.ended = true;
            resolve();
          }
        })(),
      );
    });
    const socket = open();
    socket.pause().write("{}\n");
    // It stops when the buffers of the system are full: no line in 50 turns.
    for (let [before, turns] = [-1, 0]; turns < 50; turns += 1) {
      if (made.lines !== before) [before, turns] = [made.lines, 0];
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(made.ended).toBe(false);
    expect(made.lines).toBeLessThan(200);
    socket.destroy();
    await ended;
  });

  it("does not keep the channel open for a client that never reads", async () => {
    const { channel, open, sockets } = await listening();
    let begun = () => {};
    const started = new Promise<void>((resolve) => (begun = resolve));
    channel.serve(async () =>
      (async function* () {
        begun();
        for (;;) yield kilobytes(64);
      })(),
    );
    const socket = open();
    socket.on("error", () => {});
    socket.pause().write("{}\n");
    await started;
    await channel.close();
    socket.resume();
    await once(socket, "close");
    expect(sockets).toMatchObject([{ destroyed: true }]);
  });

  it("is cut off for a client that takes no line for ten seconds", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { channel, open, sockets } = await listening();
    let begun = () => {};
    const started = new Promise<void>((resolve) => (begun = resolve));
    const ended = new Promise<void>((resolve) => {
      channel.serve(async () =>
        (async function* () {
          begun();
          try {
            for (;;) yield kilobytes(64);
          } finally {
            resolve();
          }
        })(),
      );
    });
    const socket = open();
    socket.on("error", () => {});
    socket.pause().write("{}\n");
    await started;
    const state = { over: false };
    void ended.then(() => (state.over = true));
    while (!state.over) {
      // Each line that was taken begins the ten seconds anew.
      await vi.advanceTimersByTimeAsync(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.resume();
    await once(socket, "close");
    expect(sockets).toMatchObject([{ destroyed: true }]);
  });
});
