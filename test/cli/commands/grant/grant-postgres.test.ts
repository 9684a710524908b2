import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPostgresStore } from "../../../../src/server/stores/postgres/store.ts";
import { noPostgres, sharedCluster, type Cluster, type Place, skipped } from "../../../support/postgres.ts";
import { makeHome, runProgram, type Home } from "../../../support/run-program.ts";

describe.skipIf(noPostgres)(`grant in Postgres${skipped(noPostgres)}`, () => {
  let cluster: Cluster;
  let place: Place;
  let home: Home;
  beforeAll(async () => {
    [cluster, home] = [await sharedCluster(), await makeHome()];
    place = await cluster.place();
    const store = await openPostgresStore({ url: place.url, warn: () => {} });
    await store.accounts.create({ name: "Jane", passwordHash: "x", tokens: 4000 });
    await store.close();
  });
  afterAll(async () => {
    await place?.drop();
    await home?.remove();
  });

  const grant = (...words: string[]) =>
    runProgram(["grant", ...words], { home, env: { AI_CHAT_STORE: place.url } });

  test("gives tokens once for an id, to a name in any case, and refuses the id for another grant", async () => {
    const line = (granted: number, tokens: number) =>
      `${JSON.stringify({ username: "Jane", granted, tokens, id: "june" })}\n`;
    expect((await grant("jane", "500", "--id", "june", "--json")).stdout).toBe(line(500, 4500));
    expect((await grant("jane", "500", "--id", "june", "--json")).stdout).toBe(line(0, 4500));
    expect((await grant("jane", "501", "--id", "june")).code).toBe(2);
    const unknown = await grant("joe", "5");
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("in the database") });
    expect(unknown.stderr).not.toContain("postgres://");
    const rows = await place.query("SELECT reason FROM chat_ledger WHERE kind = 'grant'");
    expect(rows).toEqual([{ reason: "grant by operator" }]);
  });
});
