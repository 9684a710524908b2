import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { secretsIn } from "../../../../src/server/core/signing-secrets.ts";
import { openPostgresStore } from "../../../../src/server/stores/postgres/store.ts";
import { openPlaces } from "../../../support/postgres-places.ts";
import { createUser } from "../../../support/postgres-user.ts";
import { noOwnPostgres, noPostgres, skipped } from "../../../support/postgres.ts";
import { makeHome, runProgram, type Home } from "../../../support/run-program.ts";

describe.skipIf(noPostgres)(`store rotate-secret in Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  let home: Home;
  beforeAll(async () => {
    home = await makeHome();
  });
  afterAll(() => home?.remove());

  const rotate = (url: string, ...more: string[]) =>
    runProgram(["store", "rotate-secret", url, ...more], { home });

  test("replaces the secret while a server has it open, and refuses a database without one", async () => {
    const { url } = places.place;
    const store = await openPostgresStore({ url, warn: () => {} });
    expect(await store.storedSecret()).toBeUndefined();
    expect(await rotate(url, "--json")).toMatchObject({ code: 2, stdout: "" });
    const first = await store.signingSecret();
    const made = await rotate(url, "--json");
    expect(made.code).toBe(0);
    expect(JSON.parse(made.stdout)).toMatchObject({ ended: false });
    const both = secretsIn((await store.storedSecret())!);
    expect(both?.map(({ secret }) => secret.equals(first))).toEqual([false, true]);
    expect((await rotate(url, "--json", "--now")).code).toBe(0);
    const only = secretsIn((await store.storedSecret())!)!;
    expect(only).toHaveLength(1);
    expect([first, both![0]!.secret].some((secret) => secret.equals(only[0]!.secret))).toBe(false);
    await store.close();
  });
  test.skipIf(noOwnPostgres)("tells which right its user lacks, and changes nothing", async () => {
    const store = await openPostgresStore({ url: places.place.url, warn: () => {} });
    places.closers.push(() => store.close());
    const before = await store.signingSecret();
    const { url } = await createUser(places, { rights: "SELECT, INSERT" });
    const refused = await rotate(url);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("The signing secret in the database cannot be replaced (42501).");
    expect(refused.stderr).toContain("UPDATE ON chat_settings");
    expect(refused.stderr).not.toMatch(/bug|charged|questions/i);
    expect(await store.storedSecret()).toEqual(before);
  });
});
