import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { Context } from "../../src/server/http/context.ts";
import { Budget } from "../../src/server/http/budget.ts";
import { isHere, letArrive, readBody } from "../../src/server/http/read-body.ts";
import { openRawClient } from "./raw-client.ts";

test("a small body that comes with its head is read without listeners", async () => {
  const seen: unknown[] = [];
  const server = createServer((req, res) => {
    void letArrive({ req } as Context, async () => {
      seen.push(isHere(req), req.listenerCount("data"), String(req.read()));
      res.end("read");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = await openRawClient(port);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
  expect(await client.ended()).toContain("read");
  expect(seen).toEqual([true, 0, "body"]);
  server.close();
});

test("a small body that came in two packets is read whole", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = await openRawClient((server.address() as AddressInfo).port);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbo");
  const [req, res] = (await once(server, "request")) as [IncomingMessage, ServerResponse];
  client.send("dy");
  while (!req.complete) await new Promise(setImmediate);
  const budget = new Budget(1_000_000);
  expect(String(await readBody(req, 100, { budget, isStranger: false }))).toBe("body");
  expect(budget.taken).toBe(4);
  res.end("read");
  expect(await client.ended()).toContain("read");
  server.close();
});
