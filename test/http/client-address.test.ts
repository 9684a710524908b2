import { expect, onTestFinished, test, vi } from "vitest";
import { openTestServer } from "../support/test-server.ts";
import { openRawClient } from "./raw-client.ts";

test("the log has the client's address, which a trusted proxy names in any number of header lines", async () => {
  const server = await openTestServer({ trustProxy: 2 });
  onTestFinished(() => server.close());
  const client = await openRawClient(server.port);
  client.send(
    "GET /api/ HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1, 192.0.2.2\r\nX-Forwarded-For: 192.0.2.3\r\n\r\n",
  );
  await vi.waitUntil(() => server.log.length === 1, { timeout: 45_000 });
  expect(server.log[0]).toMatchObject({ path: "/api/", address: "192.0.2.2" });
  client.vanish();
  expect(server.warnings).toEqual([]);
});

test("without a trusted proxy the address is the connection's, and the operator is warned once", async () => {
  const server = await openTestServer();
  onTestFinished(() => server.close());
  for (let request = 0; request < 2; request += 1)
    await fetch(`${server.url}/api/`, { headers: { "X-Forwarded-For": "192.0.2.1" } });
  await vi.waitUntil(() => server.log.length === 2, { timeout: 45_000 });
  expect(server.log.map(({ address }) => address)).toEqual(["127.0.0.1", "127.0.0.1"]);
  expect(server.warnings).toHaveLength(1);
});
