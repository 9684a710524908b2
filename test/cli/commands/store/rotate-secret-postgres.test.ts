import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { secretsIn } from "../../../../src/server/core/signing-secrets.ts";
import { openPostgresStore } from "../../../../src/server/stores/postgres/store.ts";
import { noPostgres, openCluster, type Cluster, type Place, skipped } from "../../../support/postgres.ts";
import { makeHome, runProgram, type Home } from "../../../support/run-program.ts";

describe.skipIf(noPostgres)(`store rotate-secret in Postgres${skipped(noPostgres)}`, () => {
  let cluster: Cluster;
  let place: Place;
  let home: Home;
  beforeAll(async () => {
    [cluster, home] = [await openCluster(), await makeHome()];
    place = await cluster.place();
  });
  afterAll(async () => {
    await place?.drop();
    await cluster?.close();
    await home?.remove();
  });

  const rotate = (...more: string[]) =>
    runProgram(["store", "rotate-secret", place.url, "--json", ...more], { home });

  test("replaces the secret while a server has it open, and refuses a database without one", async () => {
    const store = await openPostgresStore({ url: place.url, warn: () => {} });
    expect(await store.storedSecret()).toBeUndefined();
    expect(await rotate()).toMatchObject({ code: 2, stdout: "" });
    const first = await store.signingSecret();
    const made = await rotate();
    expect(made.code).toBe(0);
    expect(JSON.parse(made.stdout)).toMatchObject({ ended: false });
    const both = secretsIn((await store.storedSecret())!);
    expect(both?.map(({ secret }) => secret.equals(first))).toEqual([false, true]);
    expect((await rotate("--now")).code).toBe(0);
    const only = secretsIn((await store.storedSecret())!)!;
    expect(only).toHaveLength(1);
    expect([first, both![0]!.secret].some((secret) => secret.equals(only[0]!.secret))).toBe(false);
    await store.close();
  });
});
