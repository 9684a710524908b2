import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPostgresStore } from "../../../../src/server/stores/postgres/store.ts";
import { noPostgres, sharedCluster, type Cluster, type Place, skipped } from "../../../support/postgres.ts";
import { createAccount } from "../../../support/postgres-store.ts";
import { makeHome, runProgram, type Home } from "../../../support/run-program.ts";

describe.skipIf(noPostgres)(`store check of a database${skipped(noPostgres)}`, () => {
  let cluster: Cluster;
  let place: Place;
  let home: Home;
  beforeAll(async () => {
    [cluster, home] = [await sharedCluster(), await makeHome()];
    place = await cluster.place();
    const store = await openPostgresStore({ url: place.url, warn: () => {} });
    await createAccount(store, 4000, "jane");
    await store.close();
  });
  afterAll(async () => {
    await place?.drop();
    await home?.remove();
  });

  const check = (words: string[], env = {}) => runProgram(["store", "check", ...words], { home, env });

  test("reports a sound one, named by a word, an option or a variable: exit 0", async () => {
    const { code, stdout, stderr } = await check(["--store", place.url]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^Postgres database \S+ at \S+ is whole\.\n {2}ledger {3}1 row, 1 account, 4,000 tokens\n$/,
    );
    expect((await check([place.url])).stdout).toBe(stdout);
    const { stdout: json } = await check(["--json"], { AI_CHAT_STORE: place.url });
    expect(JSON.parse(json)).toEqual({
      ok: true,
      findings: [],
      notes: [],
      running: null,
      lines: 1,
      accounts: 1,
      tokens: 4000,
      head: null,
    });
  });

  test("reports what is wrong by table, with a repair: exit 1", async () => {
    await place.query("UPDATE chat_accounts SET tokens = 3999");
    const { code, stdout } = await check(["--store", place.url]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      / is damaged\.\n[^]*damage {3}chat_accounts: jane [^]*repair {3}.*UPDATE chat_accounts/,
    );
    const { stdout: json } = await check(["--store", place.url, "--json"]);
    expect(JSON.parse(json)).toMatchObject({
      ok: false,
      findings: [{ file: "chat_accounts", line: null, byte: null }],
    });
  });

  test("of one that cannot be reached is no damage: exit 1 without a report", async () => {
    const refused = await check(["--store", "postgres://127.0.0.1:1/chat"]);
    expect(refused).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("(ECONNREFUSED)") });
  });
});
