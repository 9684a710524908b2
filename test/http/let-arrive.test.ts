import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { Context } from "../../src/server/http/context.ts";
import { isHere, letArrive } from "../../src/server/http/read-body.ts";
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
