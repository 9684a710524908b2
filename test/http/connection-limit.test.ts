import type { Socket } from "node:net";
import { connect } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { Budget } from "../../src/server/http/budget.ts";
import { openHttpServer, type Listening } from "../../src/server/http/listen.ts";
import { ownCertificate } from "../support/own-certificate.ts";
import { openTestServer } from "../support/test-server.ts";
import { openRawClient, rawRequest, type RawClient } from "./raw-client.ts";
import { gate } from "./wired-server.ts";

/** docs/http-api.md#connections */

let server: Listening | undefined;
let clients: RawClient[] = [];
afterEach(async () => {
  for (const client of clients) client.vanish();
  clients = [];
  await server?.close(0);
  server = undefined;
});

/** A server that answers `/slow` once the gate is open, and everything else at once. */
async function setUp(
  most: number,
  shareOf: (socket: Socket, nth: number) => string | undefined = () => undefined,
) {
  const slow = gate();
  let arrived = gate();
  let connections = 0;
  server = await openHttpServer({
    host: "127.0.0.1",
    port: 0,
    silence: 60_000,
    keepAlive: 75_000,
    budget: new Budget(1024 * 1024),
    connections: { most: () => most, shareOf: (socket) => shareOf(socket, (connections += 1)) },
    handle: async ({ url }, res) => {
      if (url === "/slow") {
        arrived.open();
        await slow.opened;
      }
      res.end(`[${url}]`);
    },
  });
  const port = Number(new URL(server.url).port);
  const open = async () => {
    const client = await openRawClient(port);
    clients.push(client);
    return client;
  };
  /** A connection whose request has arrived and waits. */
  const openSlow = async () => {
    arrived = gate();
    const client = await open();
    client.send(rawRequest("GET", "/slow"));
    await arrived.opened;
    return client;
  };
  return { open, openSlow, release: () => slow.open() };
}

/** Whether a request on each of the connections is answered. */
const serves = (clients: RawClient[], path = "/") =>
  Promise.all(
    clients.map(async (client) => {
      client.send(rawRequest("GET", path));
      return client.until(`[${path}]`).then(
        () => true,
        () => false,
      );
    }),
  );
const all = (clients: RawClient[]) => clients.map(() => true);

test("when the server is full, the connection that has waited longest for a request is closed", async () => {
  const { open } = await setUp(3);
  const [first, second, third] = [await open(), await open(), await open()];
  // The first is no longer the one that has waited longest.
  for (const client of [second, third, first]) await serves([client]);
  const fourth = await open();
  await second.ended();
  expect(await serves([first, third, fourth], "/again")).toEqual([true, true, true]);
});

test("a connection that never sends a request makes room for others", async () => {
  const { open } = await setUp(2);
  const [silent, half] = [await open(), await open()];
  half.send("GET / HTTP/1.1\r\nHost:");
  const third = await open();
  expect(await silent.ended()).toBe("");
  expect(await serves([third])).toEqual([true]);
  const fourth = await open();
  expect(await half.ended()).toBe("");
  expect(await serves([fourth])).toEqual([true]);
});

test("a connection with an open request is never closed for a new one", async () => {
  const { open, openSlow, release } = await setUp(2);
  const asking = [await openSlow(), await openSlow()];
  expect(await (await open()).ended()).toBe("");
  release();
  for (const client of asking) await client.until("[/slow]");
  expect(await serves([await open()])).toEqual([true]);
});

test("one address holds a tenth of the connections, and then loses its own", async () => {
  const { open } = await setUp(20, (_socket, nth) => (nth % 2 === 0 ? "192.0.2.1" : undefined));
  const free: RawClient[] = [];
  const shared: RawClient[] = [];
  for (let at = 0; at < 3; at += 1) {
    free.push(await open());
    shared.push(await open());
  }
  await shared[0]!.ended();
  const left = [...free, ...shared.slice(1)];
  expect(await serves(left)).toEqual(all(left));
});

test("an address gets its share back when its connections end", async () => {
  const { open, openSlow, release } = await setUp(20, () => "192.0.2.1");
  const two = [await openSlow(), await openSlow()];
  expect(await (await open()).ended()).toBe("");
  release();
  for (const client of two) {
    await client.until("[/slow]");
    client.finish();
    await client.ended();
  }
  expect(await serves([await open(), await open()])).toEqual([true, true]);
});

test("a server keeps to --max-connections, and loopback has no share", async () => {
  const full = await openTestServer({ maxConnections: 5 });
  try {
    for (let at = 0; at < 6; at += 1) clients.push(await openRawClient(full.port));
    const [first, ...others] = clients;
    expect(await first!.ended()).toBe("");
    for (const client of others) {
      client.send(rawRequest("GET", "/healthz"));
      await client.until('{"status":"ok"}');
    }
  } finally {
    await full.close();
  }
});

test("over TLS, a handshake that does not come makes room, and an open request is not closed", async () => {
  const slow = gate();
  const arrived = gate();
  server = await openHttpServer({
    host: "127.0.0.1",
    port: 0,
    silence: 60_000,
    keepAlive: 75_000,
    budget: new Budget(1024 * 1024),
    pair: ownCertificate,
    connections: { most: () => 2, shareOf: () => undefined },
    handle: async (_req, res) => {
      arrived.open();
      await slow.opened;
      res.end("[slow]");
    },
  });
  const port = Number(new URL(server.url).port);
  const asking = connect({ port, host: "127.0.0.1", ca: ownCertificate.cert });
  asking.write(rawRequest("GET", "/slow", { Connection: "close" }));
  await arrived.opened;
  const silent = await openRawClient(port);
  const next = await openRawClient(port);
  await silent.ended();
  slow.open();
  let reply = "";
  for await (const piece of asking) reply += String(piece);
  expect(reply).toContain("[slow]");
  next.vanish();
});
