import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { noPostgres, openCluster, type Cluster, type Place } from "../support/postgres.ts";
import { makeHome, runProgram, type Home } from "../support/run-program.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

test("store copy wants two places, and takes no password from the command line", async () => {
  const home = await makeHome();
  const copy = (...words: string[]) => runProgram(["store", "copy", ...words], { home });
  expect(await copy("/nowhere")).toMatchObject({ code: 2, stderr: expect.stringContaining("two stores") });
  const told = await copy("/nowhere", "postgres://chat:geheim@127.0.0.1:1/chat");
  expect(told).toMatchObject({ code: 2, stderr: expect.stringContaining("PGPASSWORD") });
  expect(told.stderr).not.toContain("geheim");
  await home.remove();
});

describe.skipIf(noPostgres)(`store copy${noPostgres ? ` (skipped: ${noPostgres})` : ""}`, () => {
  let cluster: Cluster;
  let place: Place;
  let home: Home;
  beforeAll(async () => {
    [cluster, home] = [await openCluster(), await makeHome()];
    place = await cluster.place();
    const env = { AI_CHAT_PASSWORD: "correct horse" };
    await runProgram(["register", "-s", "local", "-u", "jane"], { home, env });
    await runProgram(["ask", "hello"], { home });
  });
  afterAll(async () => {
    await place?.drop();
    await cluster?.close();
    await home?.remove();
  });

  test("moves a folder into Postgres and back with every balance, and wants an empty target", async () => {
    const url = new URL(place.url);
    const env = { PGPASSWORD: decodeURIComponent(url.password) };
    url.password = "";
    const copy = (...words: string[]) => runProgram(["store", "copy", ...words], { home, env });
    const folder = join(home.dir, "data", "ai-chat", "server");
    const there = await copy(folder, url.href, "--json");
    expect(there).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(there.stdout)).toMatchObject({ accounts: 1, tokens: 3900 });
    const again = await copy(folder, url.href);
    expect(again.code).toBe(1);
    const back = await copy(url.href, join(home.dir, "back"));
    expect(back).toMatchObject({ code: 0, stdout: expect.stringContaining("1 account with 3,900 tokens") });
    expect(await readFile(join(home.dir, "back", "ledger.jsonl"), "utf8")).toContain('"balance":3900');
    expect((await runProgram(["store", "check", join(home.dir, "back")], { home })).code).toBe(0);
  });
});
