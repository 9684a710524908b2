import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { balancerOptions } from "../../src/cli/argv/balancer-options.ts";
import { Budget } from "../../src/server/http/budget.ts";
import { openHttpServer } from "../../src/server/http/listen.ts";
import { openRawClient, rawRequest } from "./raw-client.ts";
import { gate } from "./wired-server.ts";

/** More than the system keeps for a connection on both sides together. */
const LONG = "word ".repeat(8_000_000);

async function setUp(reply: (res: ServerResponse) => void, keepAlive = 75_000) {
  const asked = gate();
  const server = await openHttpServer({
    host: "127.0.0.1",
    port: 0,
    silence: 60_000,
    keepAlive,
    budget: new Budget(1024 * 1024),
    handle: async (_req, res) => {
      reply(res);
      asked.open();
    },
  });
  const client = await openRawClient(Number(new URL(server.url).port));
  client.pause();
  client.send(rawRequest("GET", "/"));
  await asked.opened;
  return { server, client };
}

test("a reply that the client has not read yet arrives completely while the server closes", async () => {
  const { server, client } = await setUp((res) => res.end(LONG));
  const closing = server.close(60_000);
  client.resume();
  expect((await client.ended()).length).toBeGreaterThan(LONG.length);
  await closing;
});

test("a client that never reads is disconnected after the timeout", async () => {
  const { server, client } = await setUp((res) => res.write(LONG));
  await server.close(0);
  client.resume();
  expect((await client.ended()).length).toBeLessThan(LONG.length);
});

test("an idle connection is kept as long as it was set last, by default longer than the 60 s of a load balancer", async () => {
  expect(balancerOptions.keepAlive.fallback).toBe(75);
  const { server, client } = await setUp((res) => res.end("here"));
  client.resume();
  expect(await client.until("here")).toMatch(/\r\nKeep-Alive: timeout=75\r\n/i);
  server.setTimes({ silence: 60_000, keepAlive: 600_000 });
  client.send(rawRequest("GET", "/"));
  await client.until("timeout=600");
  client.vanish();
  await server.close(0);
});

test("a connection that is idle for longer is closed", async () => {
  const { server, client } = await setUp((res) => res.end("here"), 50);
  client.resume();
  expect(await client.ended()).toContain("here");
  await server.close(0);
});

// By itself Node looks each 30 s.
test("a head that is late is refused soon after its time", { timeout: 25_000 }, async () => {
  const server = await openHttpServer({
    head: 50,
    host: "127.0.0.1",
    port: 0,
    silence: 60_000,
    keepAlive: 75_000,
    budget: new Budget(1024 * 1024),
    handle: async () => {},
  });
  const client = await openRawClient(Number(new URL(server.url).port));
  client.send("GET / HTTP/1.1\r\n");
  expect(await client.ended()).toContain("HTTP/1.1 408 ");
  await server.close(0);
});

test("a close waits for work whose client has left", async () => {
  const started = gate();
  const work = gate();
  const done: string[] = [];
  const server = await openHttpServer({
    host: "127.0.0.1",
    port: 0,
    silence: 60_000,
    keepAlive: 75_000,
    budget: new Budget(1024 * 1024),
    handle: async ({ url }, res) => {
      // The server may still listen when it is asked whether it does.
      if (url === "/") return void res.end();
      started.open();
      await work.opened;
      done.push("work");
    },
  });
  const client = await openRawClient(Number(new URL(server.url).port));
  client.send(rawRequest("GET", "/work"));
  await started.opened;
  client.vanish();
  const closing = server.close(0).then(() => done.push("close"));
  const open = () =>
    fetch(server.url).then(
      () => true,
      () => false,
    );
  while (await open());
  await new Promise(setImmediate);
  work.open();
  await closing;
  expect(done).toEqual(["work", "close"]);
});

test("connections that the system cannot accept do not end the server", async () => {
  let refused: (() => void) | undefined;
  const server = await openHttpServer({
    host: "127.0.0.1",
    port: 0,
    silence: 60_000,
    keepAlive: 75_000,
    budget: new Budget(1024 * 1024),
    handle: async (req, res) => {
      // As Node tells of an accept(2) that failed.
      refused = () =>
        void (req.socket as Socket & { server: Server }).server.emit("error", new Error("accept"));
      res.end("here");
    },
  });
  for (let times = 0; times < 3; times += 1) {
    expect(await (await fetch(server.url)).text()).toBe("here");
    expect(() => refused?.()).not.toThrow();
  }
  await server.close(0);
});
