import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openJsonStore } from "../../../../src/server/stores/json/store.ts";
import { openPostgresStore } from "../../../../src/server/stores/postgres/store.ts";
import { noPostgres, sharedCluster, type Cluster, type Place, skipped } from "../../../support/postgres.ts";
import { createAccount } from "../../../support/postgres-store.ts";
import { makeHome, preload, runProgram, startProgram, type Home } from "../../../support/run-program.ts";

test("store copy requires two places, and refuses a password on the command line", async () => {
  const home = await makeHome();
  const copy = (...words: string[]) => runProgram(["store", "copy", ...words], { home });
  expect(await copy("/nowhere")).toMatchObject({ code: 2, stderr: expect.stringContaining("two stores") });
  for (const url of [
    "postgres://chat:geheim@127.0.0.1:1/chat",
    "postgres://chat@127.0.0.1:1/chat?sslmode=disable&password=geheim",
  ]) {
    const told = await copy("/nowhere", url);
    expect(told).toMatchObject({ code: 2, stderr: expect.stringContaining("PGPASSWORD") });
    expect(told.stderr).not.toContain("geheim");
  }
  await home.remove();
});

test("store copy from a folder in use says what to do, with its own options", async () => {
  const home = await makeHome();
  const dir = join(home.dir, "store");
  const server = await startProgram(["serve", "--port", "0", "--data", dir], { home });
  await server.sees("listens on", "stderr");
  const told = await runProgram(["store", "copy", dir, join(home.dir, "copy")], { home });
  expect(told).toMatchObject({ code: 1, stdout: "" });
  expect(told.stderr).toBe(
    `ai-chat: Another ai-chat server uses the folder ${dir}.\n` +
      "A copy needs the folder for itself: stop the server, then copy again from a local disk.\n",
  );
  server.child.kill("SIGTERM");
  expect((await server.ended).code).toBe(0);
  expect((await runProgram(["store", "copy", dir, join(home.dir, "copy")], { home })).code).toBe(0);
  await home.remove();
});

describe("store copy to a folder", () => {
  /** Makes the program stop at a step of the copy and print a line. */
  const stall = (moment: string) => `
    import fs from "node:fs/promises";
    import { syncBuiltinESMExports } from "node:module";
    const { open } = fs;
    const forever = () => new Promise(() => {
      setInterval(() => {}, 1000);
      process.stderr.write("It stands still.\\n");
    });
    fs.open = async (path, flags, mode) => {
      if (!/-copy-[^/]*.ledger.jsonl$/.test(path)) return open(path, flags, mode);
      if ((flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) === 0) return forever();
      const file = await open(path, flags, mode);
      if (${JSON.stringify(moment)} === "write") file.sync = forever;
      return file;
    };
    syncBuiltinESMExports();`;

  test.each([
    ["check", ["SIGINT"], [130], "Interrupted. The copy was discarded."],
    ["check", ["SIGTERM"], [143], "Interrupted. The copy was discarded."],
    // The second signal leaves no time for a message.
    ["write", ["SIGINT", "SIGTERM"], [130, 143], ""],
  ] as const)(
    "ended during its last %s by %j leaves no files behind",
    async (moment, signals, codes, words) => {
      const home = await makeHome();
      const stores = join(home.dir, "stores");
      const store = await openJsonStore({ dir: join(stores, "first"), warn: () => {} });
      await createAccount(store);
      await store.signingSecret();
      await store.close();
      const copy = ["store", "copy", join(stores, "first"), join(stores, "second")];
      const running = await startProgram(copy, { home, env: await preload(home, stall(moment)) });
      await running.sees("It stands still.", "stderr");
      expect(await readdir(stores)).toHaveLength(2);
      for (const signal of signals) running.child.kill(signal);
      const { code, stdout, stderr } = await running.ended;
      expect(codes).toContain(code);
      expect(stdout).toBe("");
      expect(stderr).toContain(words);
      expect(await readdir(stores)).toEqual(["first"]);
      expect((await runProgram(copy, { home })).code).toBe(0);
      await home.remove();
    },
  );
});

describe.skipIf(noPostgres)(`store copy${skipped(noPostgres)}`, () => {
  let cluster: Cluster;
  let place: Place;
  let home: Home;
  beforeAll(async () => {
    [cluster, home] = [await sharedCluster(), await makeHome()];
    place = await cluster.place();
    const env = { AI_CHAT_PASSWORD: "correct horse" };
    await runProgram(["register", "-s", "local", "-u", "jane"], { home, env });
    await runProgram(["ask", "hello"], { home });
  });
  afterAll(async () => {
    await place?.drop();
    await home?.remove();
  });

  test("copies a folder into Postgres and back with every balance, and requires an empty target", async () => {
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

  /** Starts a copy of the home's store into this place, and resolves once it waits for a lock. */
  async function startAndBlock(target: Place) {
    const url = new URL(target.url);
    const env = { PGPASSWORD: decodeURIComponent(url.password) };
    url.password = "";
    const words = ["store", "copy", join(home.dir, "data", "ai-chat", "server"), url.href];
    const running = await startProgram(words, { home, env });
    const waiting = "SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'";
    await vi.waitUntil(async () => (await target.query(waiting, [target.name])).length > 0, {
      timeout: 100_000,
    });
    return { words, env, running };
  }

  test("interrupted during its COMMIT says that the target may hold the copy", async () => {
    const target = await cluster.place();
    await (await openPostgresStore({ url: target.url, warn: () => {} })).close();
    await target.query(
      `CREATE TABLE gate (open int);
       CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN LOCK TABLE ${target.name}.gate IN SHARE MODE; RETURN NULL; END';
       CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON chat_settings
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()`,
    );
    const operator = new Client({ connectionString: target.url });
    await operator.connect();
    await operator.query("BEGIN; LOCK TABLE gate");
    const { running } = await startAndBlock(target);
    running.child.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("The copy may be complete");
    await operator.query("COMMIT");
    await operator.end();
    await vi.waitUntil(async () => (await target.query("SELECT id FROM chat_accounts")).length === 1, {
      timeout: 100_000,
    });
    await target.drop();
  });

  test.each(["SIGKILL", "SIGINT"] as const)("ended midway by %s leaves the target empty", async (signal) => {
    const target = await cluster.place();
    const store = await openPostgresStore({ url: target.url, warn: () => {} });
    await store.close();
    // The copy writes this table after the accounts and their ledger, and waits for its lock.
    const operator = new Client({ connectionString: target.url });
    await operator.connect();
    await operator.query("BEGIN");
    await operator.query("LOCK TABLE chat_revoked");
    const { words, env, running } = await startAndBlock(target);
    running.child.kill(signal);
    const { code, stdout, stderr } = await running.ended;
    expect([code, stdout]).toEqual([signal === "SIGINT" ? 130 : null, ""]);
    expect(stderr).toContain(signal === "SIGINT" ? "Interrupted. The copy was discarded." : "");
    await operator.query("ROLLBACK");
    await operator.end();
    for (const table of ["accounts", "ledger", "questions", "usage"])
      expect(await target.query(`SELECT * FROM chat_${table}`)).toEqual([]);
    const again = await runProgram(words, { home, env });
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("1 account with 3,900 tokens"),
    });
    await target.drop();
  });
});
