import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Provider } from "../../src/server/core/provider.ts";
import type { StopSignal } from "../../src/server/core/stop.ts";
import { openRawClient, rawQuestion, rawRequest, type RawClient } from "./raw-client.ts";
import { gate, openWiredServer } from "./wired-server.ts";

/** docs/server.md#memory, by the bytes that are counted. */

const KIB = 1024;
const MIB = 1024 * KIB;

type Server = Awaited<ReturnType<typeof openWiredServer>>;

let server: Server;
const clients: RawClient[] = [];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.vanish();
  await server.close();
  const left = server.budget.taken - kept;
  kept = 0;
  if (left !== 0) throw new Error(`${left} bytes were not given back.`);
  vi.useRealTimers();
});
/** Bytes of kept answers: two for each character, and one KiB. */
let kept = 0;

const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1000);
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise(setImmediate);
}
async function connect(): Promise<RawClient> {
  const client = await openRawClient(server.port);
  clients.push(client);
  return client;
}

const ending = (answer: string): Provider => ({
  model: "m",
  answer: async () => answer,
  close: async () => {},
});

const head = (bytes: number, token?: string) =>
  rawRequest("POST", "/api/chat/", {
    "Content-Type": "application/json",
    "Content-Length": String(bytes),
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
  });

/** A body of which so much has come, and nothing more comes. */
async function stall(bytes: number, token?: string, whole = MIB): Promise<RawClient> {
  const client = await connect();
  client.send(head(whole, token) + " ".repeat(bytes));
  return client;
}

describe("stalled bodies", () => {
  test("without a valid token get a quarter, and those with one the rest", async () => {
    server = await openWiredServer({ provider: ending("hi"), maxBuffered: 4 * MIB });
    const { budget } = server;
    for (let count = 1; count <= 3; count += 1) {
      await stall(300 * KIB);
      await until(() => budget.taken === count * 300 * KIB);
    }
    for (let count = 0; count < 20; count += 1) {
      const refused = await stall(300 * KIB);
      expect(await refused.until('"code":"overloaded"')).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: 1\r\n/);
      expect(budget.taken).toBeLessThanOrEqual(MIB);
    }
    for (let count = 1; count <= 3; count += 1) {
      await stall(1000 * KIB, server.token);
      await until(() => budget.taken === (900 + count * 1000) * KIB);
    }
    const refused = await stall(1000 * KIB, server.token);
    await refused.until('"code":"overloaded"');
    expect(budget.taken).toBe(3900 * KIB);
  });

  test("that are packed count as they are unpacked", async () => {
    server = await openWiredServer({ provider: ending("hi"), maxBuffered: 2 * MIB });
    const packed = gzipSync(" ".repeat(600 * KIB));
    const client = await connect();
    const fields = { "Content-Type": "application/json", "Content-Encoding": "gzip" };
    client.send(rawRequest("POST", "/api/chat/", { ...fields, "Content-Length": String(packed.length) }));
    client.send(packed);
    expect(await client.until('"code":"overloaded"')).toMatch(/^HTTP\/1\.1 503 /);
    const theirs = {
      ...fields,
      Authorization: `Bearer ${server.token}`,
      "Content-Length": String(packed.length),
    };
    client.send(rawRequest("POST", "/api/chat/", theirs));
    client.send(packed);
    await client.until('"code":"invalid_json"');
  });

  test("leave room for small ones", async () => {
    server = await openWiredServer({ provider: ending("hi"), maxBuffered: MIB });
    await stall(200 * KIB);
    await stall(700 * KIB, server.token);
    await until(() => server.budget.taken === 900 * KIB);
    const client = await connect();
    for (let count = 1; count <= 3; count += 1) {
      client.send(rawQuestion(server.token, {}, { filler: "x".repeat(60 * KIB) }));
      expect(await client.until("tokens_deducted", count)).not.toContain("overloaded");
    }
  });

  test("are cut for others, the one that has been stalled longest first", async () => {
    server = await openWiredServer({ provider: ending("hi"), maxBuffered: MIB });
    const { budget } = server;
    const first = await stall(400 * KIB, server.token);
    await until(() => budget.taken === 400 * KIB);
    pass(1);
    const second = await stall(400 * KIB, server.token);
    await until(() => budget.taken === 800 * KIB);
    pass(3);
    // Not stalled for long enough.
    await (await stall(400 * KIB, server.token)).until('"code":"overloaded"');
    pass(1);
    await stall(400 * KIB, server.token);
    expect(await first.ended()).toMatch(/^HTTP\/1\.1 408 [^]*"code":"request_timeout"/);
    await until(() => budget.taken === 800 * KIB);
    pass(1);
    await stall(400 * KIB, server.token);
    expect(await second.ended()).toMatch(/^HTTP\/1\.1 408 [^]*\r\nConnection: close\r\n/);
  });

  test("of strangers alone are cut for a stranger", async () => {
    server = await openWiredServer({ provider: ending("hi"), maxBuffered: MIB });
    const { budget } = server;
    await stall(400 * KIB, server.token);
    await until(() => budget.taken === 400 * KIB);
    pass(1);
    const stranger = await stall(200 * KIB);
    await until(() => budget.taken === 600 * KIB);
    pass(5);
    await stall(200 * KIB);
    expect(await stranger.ended()).toMatch(/^HTTP\/1\.1 408 /);
    await until(() => budget.taken === 600 * KIB);
  });
});

describe("a slow body is refused", () => {
  beforeEach(async () => {
    server = await openWiredServer({ provider: ending("hi") });
  });

  test("if less than 16 KiB come in 30 s", async () => {
    const client = await stall(0);
    const { budget } = server;
    client.send(" ".repeat(16 * KIB));
    await until(() => budget.taken === 16 * KIB);
    pass(29);
    client.send(" ".repeat(16 * KIB));
    await until(() => budget.taken === 32 * KIB);
    pass(29);
    client.send(" ".repeat(16 * KIB - 1));
    await until(() => budget.taken === 48 * KIB - 1);
    pass(1);
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 408 [^]*"code":"request_timeout"/);
    expect(budget.taken).toBe(0);
  });

  test("if it takes longer than 120 s, and 1 s more for each 64 KiB", async () => {
    const client = await stall(0);
    const { budget } = server;
    for (let count = 1; count <= 6; count += 1) {
      client.send(" ".repeat(32 * KIB));
      await until(() => budget.taken === count * 32 * KIB);
      pass(count < 6 ? 24 : 3);
    }
    expect(budget.taken).toBe(192 * KIB);
    pass(1);
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 408 /);
  });
});

test("of one connection at most 8 requests are read ahead, and each is answered in order", async () => {
  const opened = gate();
  let asked = 0;
  const provider: Provider = {
    model: "m",
    answer: async ({ messages }) => {
      asked += 1;
      await opened.opened;
      return `<${messages.at(-1)!.content}>`;
    },
    close: async () => {},
  };
  server = await openWiredServer({ provider });
  const { budget, token } = server;
  const client = await connect();
  const bodies = Array.from({ length: 30 }, (_, at) =>
    rawQuestion(token, {}, { message: String(at), filler: "x".repeat(200 * KIB) }),
  );
  client.send(bodies.join(""));
  await until(() => asked === 1 && budget.taken >= 7 * 200 * KIB);
  // The server has nothing more to read: what it answers meanwhile has gone the same way.
  const other = await connect();
  for (let count = 1; count <= 20; count += 1) {
    other.send(rawRequest("GET", "/healthz"));
    await other.until('"ok"', count);
  }
  expect(budget.taken).toBeLessThan(9 * 200 * KIB);
  opened.open();
  const came = await client.until("tokens_deducted", 30);
  expect([...came.matchAll(/<(\d+)>/g)].map(([, number]) => Number(number))).toEqual(
    bodies.map((_, at) => at),
  );
});

test("requests in one packet, far more than 8, are answered in order, or cut if there is no room", async () => {
  const opened = gate();
  const provider: Provider = {
    model: "m",
    answer: () => opened.opened.then(() => "ok"),
    close: async () => {},
  };
  server = await openWiredServer({ provider, maxBuffered: MIB });
  const { budget, token } = server;
  const gets = rawRequest("GET", "/healthz").repeat(200);
  const client = await connect();
  client.send(rawQuestion(token) + gets);
  await until(() => budget.taken > 190 * 4 * KIB);
  const other = await connect();
  other.send(rawQuestion(token) + gets);
  expect(await other.ended()).toBe("");
  opened.open();
  const came = await client.until('"ok"', 201);
  expect(came).toMatch(/^HTTP\/1\.1 200 [^]*tokens_deducted/);
  expect(await server.balance()).toEqual({ tokens: 3900, held: 0 });
});

test("a client that leaves while its requests are held is noticed, and pays nothing", async () => {
  const asking = gate<StopSignal>();
  const provider: Provider = {
    model: "m",
    answer: ({ signal }) => {
      asking.open(signal);
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    },
    close: async () => {},
  };
  server = await openWiredServer({ provider });
  const client = await connect();
  client.send(rawQuestion(server.token).repeat(8));
  const signal = await asking.opened;
  client.send(rawQuestion(server.token).repeat(20));
  const other = await connect();
  other.send(rawRequest("GET", "/api/"));
  await other.until('"name"');
  client.vanish();
  await until(() => signal.aborted);
  await until(() => server.log.length === 9);
  expect(await server.balance()).toEqual({ tokens: 4000, held: 0 });
});

describe("answers that nobody reads", () => {
  /** More than the system keeps for a connection on both sides together. */
  const LONG = "word ".repeat(1_600_000);

  async function ask(headers: Record<string, string> = {}): Promise<RawClient> {
    const client = await connect();
    client.pause();
    client.send(rawQuestion(server.token, headers));
    return client;
  }

  test("are counted, and cut for others once they are stalled; their charge and key stay", async () => {
    server = await openWiredServer({ provider: ending(LONG), maxBuffered: 16 * MIB });
    const { budget, log } = server;
    const first = await ask({ "Idempotency-Key": "first" });
    await until(() => budget.taken > LONG.length / 4);
    pass(1);
    for (let count = 2; count <= 25; count += 1) {
      await ask();
      await until(() => log.length === count);
      pass(5);
      expect(budget.taken).toBeLessThan(16 * MIB + LONG.length);
    }
    first.resume();
    expect((await first.ended()).length).toBeLessThan(LONG.length);
    expect(await server.balance()).toEqual({ tokens: 1500, held: 0 });
    const again = await connect();
    again.send(rawQuestion(server.token, { "Idempotency-Key": "first" }));
    expect(await again.until("tokens_deducted")).toMatch(
      /Tokens-Remaining: 1500\r\nIdempotent-Replayed: true/,
    );
    expect(await server.balance()).toEqual({ tokens: 1500, held: 0 });
  });

  test("are refused if they repeat a kept answer and there is no room", async () => {
    server = await openWiredServer({ provider: ending(LONG), maxBuffered: 64 * MIB });
    const { budget, log } = server;
    const key = { "Idempotency-Key": "k" };
    for (let count = 1; count <= 25; count += 1) {
      await ask(key);
      await until(() => log.length === count);
      expect(budget.taken).toBeLessThanOrEqual(64 * MIB);
    }
    expect(log.at(-1)).toMatchObject({ status: 503, code: "overloaded" });
    const client = await connect();
    client.send(rawQuestion(server.token, { ...key, Accept: "text/event-stream" }));
    expect(await client.until("overloaded")).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: 1\r\n/);
    pass(5);
    client.send(rawQuestion(server.token, { ...key, Connection: "close" }));
    expect((await client.ended()).endsWith(`{"response":"${LONG}","tokens_deducted":100}`)).toBe(true);
    expect(await server.balance()).toEqual({ tokens: 3900, held: 0 });
    kept = 2 * LONG.length + KIB;
  });

  test("are all that is kept of their questions", async () => {
    setFlagsFromString("--expose_gc");
    const collect = runInNewContext("gc") as () => void;
    const signals: WeakRef<StopSignal>[] = [];
    const provider: Provider = {
      model: "m",
      answer: async ({ signal }) => {
        signals.push(new WeakRef(signal));
        return LONG;
      },
      close: async () => {},
    };
    server = await openWiredServer({ provider });
    await ask();
    await ask({ Accept: "text/event-stream", "Idempotency-Key": "k" });
    await until(() => server.budget.taken > 2 * LONG.length);
    await until(() => {
      collect();
      return signals.every((signal) => signal.deref() === undefined);
    });
    expect(server.budget.taken).toBeGreaterThan(2 * LONG.length);
    kept = 2 * LONG.length + KIB;
  });

  test("are whole for a client that reads late, if nobody needs the room", async () => {
    server = await openWiredServer({ provider: ending(LONG), maxBuffered: MIB });
    const client = await ask({ Connection: "close" });
    await until(() => server.budget.taken > MIB);
    pass(60);
    client.resume();
    const came = await client.ended();
    expect(came.endsWith(`{"response":"${LONG}","tokens_deducted":100}`)).toBe(true);
    expect(server.budget.taken).toBe(0);
  });

  test("and that wait behind another are given back with their connection", async () => {
    const never: Provider = {
      model: "m",
      answer: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
      close: async () => {},
    };
    server = await openWiredServer({ provider: never });
    const client = await connect();
    client.send(rawQuestion(server.token) + rawRequest("GET", "/api/").repeat(3));
    await until(() => server.log.length === 3 && server.budget.taken > 0);
    client.vanish();
    await until(() => server.budget.taken === 0);
    expect(await server.balance()).toEqual({ tokens: 4000, held: 0 });
  });
});

test("kept answers get a quarter, the newest ones", async () => {
  server = await openWiredServer({ provider: ending("x".repeat(100 * KIB)), maxBuffered: 2 * MIB });
  const client = await connect();
  for (const [at, key] of ["a", "b", "c"].entries()) {
    client.send(rawQuestion(server.token, { "Idempotency-Key": key }));
    await client.until("tokens_deducted", at + 1);
  }
  kept = 2 * (200 + 1) * KIB;
  await until(() => server.budget.taken === kept);
  for (const key of ["b", "c"]) client.send(rawQuestion(server.token, { "Idempotency-Key": key }));
  expect((await client.until("tokens_deducted", 5)).split("Idempotent-Replayed: true")).toHaveLength(3);
});
