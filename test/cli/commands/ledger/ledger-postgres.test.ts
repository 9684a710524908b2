import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPostgresStore } from "../../../../src/server/stores/postgres/store.ts";
import { noPostgres, sharedCluster, type Cluster, type Place, skipped } from "../../../support/postgres.ts";
import { makeHome, runProgram, startProgram, type Home } from "../../../support/run-program.ts";

describe.skipIf(noPostgres)(`books in Postgres${skipped(noPostgres)}`, () => {
  let cluster: Cluster;
  let place: Place;
  let home: Home;
  const env = () => ({ AI_CHAT_STORE: place.url });
  const run = (...args: string[]) => runProgram(args, { home, env: env() });

  beforeAll(async () => {
    [cluster, home] = [await sharedCluster(), await makeHome()];
    place = await cluster.place();
    const store = await openPostgresStore({ url: place.url, warn: () => {} });
    await store.accounts.create({ name: "Jane", passwordHash: "x", tokens: 4000 });
    await store.close();
    await run("grant", "jane", "70", "--id", "june");
  });
  afterAll(async () => {
    await place?.drop();
    await home?.remove();
  });

  test("accounts, facts and the report are those of the database", async () => {
    const list = JSON.parse((await run("accounts", "list", "--json")).stdout) as object[];
    expect(list).toMatchObject([
      { username: "Jane", tokens: 4070, held: 0, used: 0, last_question_at: null },
    ]);
    const shown = await run("accounts", "show", "JANE", "--json");
    expect(JSON.parse(shown.stdout)).toEqual({ ...list[0], api_keys: 0 });
    const { stdout } = await run("ledger", "jane", "--csv");
    expect(stdout.split("\r\n").map((line) => line.split(",").slice(2, 5).join())).toEqual([
      "fact,tokens,balance",
      "account,4000,4000",
      "grant,70,4070",
      "",
    ]);
    expect((await run("report", "--by", "account", "--json")).stdout).toBe("[]\n");
    const unknown = await run("ledger", "joe");
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("in the database") });
    expect(unknown.stderr).not.toContain("postgres://");
  });

  test("--follow shows what comes, until Ctrl-C", async () => {
    const following = await startProgram(["ledger", "jane", "--follow"], { home, env: env() });
    await following.sees("4070");
    expect(await run("grant", "jane", "5")).toMatchObject({ code: 0 });
    await following.sees("4075");
    following.child.kill("SIGINT");
    expect(await following.ended).toMatchObject({ code: 130 });
  });
});
