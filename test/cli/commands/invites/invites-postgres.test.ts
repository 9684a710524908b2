import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPostgresStore } from "../../../../src/server/stores/postgres/store.ts";
import { noPostgres, sharedCluster, type Cluster, type Place, skipped } from "../../../support/postgres.ts";
import { makeHome, runProgram, type Home } from "../../../support/run-program.ts";

describe.skipIf(noPostgres)(`invitations in Postgres${skipped(noPostgres)}`, () => {
  let cluster: Cluster;
  let place: Place;
  let home: Home;
  beforeAll(async () => {
    [cluster, home] = [await sharedCluster(), await makeHome()];
    place = await cluster.place();
    await (await openPostgresStore({ url: place.url, warn: () => {} })).close();
  });
  afterAll(async () => {
    await place?.drop();
    await home?.remove();
  });

  const invites = (...words: string[]) =>
    runProgram(["invites", ...words], { home, env: { AI_CHAT_STORE: place.url } });

  test("are made, listed and revoked, and the database does not have the code", async () => {
    const made = await invites("create", "--json", "--uses", "2");
    const [{ code, id } = { code: "", id: "" }] = JSON.parse(made.stdout) as { code: string; id: string }[];
    const rows = await place.query("SELECT * FROM chat_invites");
    expect(rows).toMatchObject([{ id, uses: 2, used: 0 }]);
    expect(JSON.stringify(rows)).not.toContain(code.replaceAll("-", ""));
    expect((await invites("list")).stdout).toMatch(
      new RegExp(`^${id}  valid    0 of 2 uses, starting tokens, `),
    );
    expect((await invites("revoke", code)).stdout).toBe(`Revoked ${id}.\n`);
    expect((await invites("revoke", code, "--json")).stdout).toBe(`{"id":"${id}","revoked":false}\n`);
    const unknown = await invites("revoke", "nothing");
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).not.toContain("postgres://");
  });
});
