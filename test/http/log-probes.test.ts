import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openTestServer, testConfig, type TestServer, type Wishes } from "../support/test-server.ts";

/** docs/monitoring.md#levels */

async function open(wishes: Wishes = {}) {
  const server = await openTestServer(wishes);
  onTestFinished(() => server.close());
  const get = async (path: string) => (await fetch(server.url + path)).status;
  return { server, get };
}

const lines = ({ log }: TestServer) =>
  log.map(({ level, method, path, status, code }) => [level, method, path, status, code]);

test("health checks that succeed are no lines, those that were refused are", async () => {
  const { server, get } = await open();
  for (const path of ["/healthz", "/readyz/", "/healthz/?ai=1", "/readyz"]) expect(await get(path)).toBe(200);
  expect((await server.post("/healthz", {})).status).toBe(405);
  expect(lines(server)).toEqual([["info", "POST", "/healthz", 405, "method_not_allowed"]]);
});

test("a server that is not ready any more is one line, not one for each look", async () => {
  const { server, get } = await open();
  expect(await get("/readyz")).toBe(200);
  const path = join(server.dir, "ledger.jsonl");
  await writeFile(path, `${await readFile(path, "utf8")} `);
  await server.post("/api/register/", { username: "jane", password: "correct horse" });
  for (let look = 0; look < 3; look += 1) expect(await get("/readyz")).toBe(503);
  expect(lines(server)).toEqual([
    ["warn", "POST", "/api/register/", 503, "store_unavailable"],
    ["warn", "GET", "/readyz", 503, "store_unavailable"],
  ]);
  // Another reason is news.
  await server.running.close();
});

test("--log-level holds from the start, and changes while the server runs", async () => {
  const { server, get } = await open({ logLevel: "warn" });
  expect(await get("/api/")).toBe(200);
  expect(lines(server)).toEqual([]);
  const config = testConfig(server.dir);
  await server.running.reload({ ...config, logLevel: "debug" });
  for (const path of ["/api/", "/healthz", "/readyz"]) expect(await get(path)).toBe(200);
  expect(lines(server)).toEqual([
    ["info", "GET", "/api/", 200, undefined],
    ["debug", "GET", "/healthz", 200, undefined],
    ["debug", "GET", "/readyz", 200, undefined],
  ]);
});
