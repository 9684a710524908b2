import { Client } from "pg";
import { describe, expect, it, vi } from "vitest";
import type { Account } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { StartupError } from "../../src/server/core/startup-error.ts";
import { openDatabase } from "../../src/server/stores/postgres/database.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { createAccount, question, unhurried } from "../support/postgres-store.ts";
import { createUser } from "../support/postgres-user.ts";
import { noOwnPostgres, skipped } from "../support/postgres.ts";

describe.skipIf(noOwnPostgres)(`connections to Postgres${skipped(noOwnPostgres)}`, () => {
  const places = openPlaces();
  const { closers } = places;

  const connect = async (connectionString = places.place.url) => {
    const client = new Client({ connectionString });
    await client.connect();
    closers.push(() => client.end());
    return client;
  };

  async function open(
    url: string,
    options: { waitSeconds?: number; connections?: number } = {},
  ): Promise<Store & { warnings: string[] }> {
    const warnings: string[] = [];
    const warn = (sentence: string) => void warnings.push(sentence);
    const store = await openPostgresStore({ url, warn, ...unhurried, ...options });
    closers.push(() => store.close());
    return Object.assign(store, { warnings });
  }

  const connectionsOf = async (user: string) =>
    (await places.place.query("SELECT pid FROM pg_stat_activity WHERE usename = $1", [user])).length;

  describe("of a user with a limit of five", () => {
    const limited = () => createUser(places, { attributes: "CONNECTION LIMIT 5" });

    it("are waited for by a statement that gets none, even with a short timeout", async () => {
      const { url, name } = await limited();
      const warnings: string[] = [];
      const database = openDatabase({
        connectionString: url,
        connections: 9,
        ...unhurried,
        warn: (sentence) => void warnings.push(sentence),
      });
      closers.push(() => database.close());
      const operator = await connect();
      await operator.query("SELECT pg_advisory_lock(1)");
      const wait = "SELECT pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1)";
      const all = Promise.allSettled(Array.from({ length: 12 }, () => database.run(wait, [], 0)));
      await vi.waitUntil(() => warnings.length > 0, { timeout: 60_000 });
      await vi.waitUntil(async () => (await connectionsOf(name)) === 5, { timeout: 60_000 });
      await operator.query("SELECT pg_advisory_unlock(1)");
      expect(new Set((await all).map(({ status }) => status))).toEqual(new Set(["fulfilled"]));
      expect(warnings).toEqual([expect.stringContaining("no more connections (53300)")]);
    });

    it("serve every question, and the server is ready, during and after the load", async () => {
      const { url, name } = await limited();
      const store = await open(url);
      const accounts: Account[] = [];
      while (accounts.length < 12) accounts.push(await createAccount(store));
      const operator = await connect();
      await operator.query("BEGIN");
      await operator.query("SELECT id FROM chat_accounts FOR UPDATE");
      const held = Promise.allSettled(accounts.map((account) => store.ledger.hold(question(account))));
      await vi.waitUntil(() => store.warnings.length > 0, { timeout: 60_000 });
      await operator.query("ROLLBACK");
      expect(await held).toEqual(accounts.map(() => ({ status: "fulfilled", value: { kind: "held" } })));
      // The questions' idle connections leave none for the readiness check.
      expect(await connectionsOf(name)).toBe(5);
      expect(await store.ready()).toBe(true);
      expect(await connectionsOf(name)).toBe(5);
    });

    it("are named in the error of a start that gets none", async () => {
      const { url } = await limited();
      for (let index = 0; index < 5; index += 1) await connect(url);
      const opening = open(url, { waitSeconds: 0 });
      await expect(opening).rejects.toBeInstanceOf(StartupError);
      await expect(opening).rejects.toMatchObject({
        message: expect.stringContaining("no more connections (53300)"),
        hint: expect.stringContaining("--store-connections"),
      });
    });
  });

  it("are refused while they lead to another ledger than the opened one", async () => {
    const { url, name } = await createUser(places);
    const admin = (sql: string) => places.place.query(sql);
    const byRole = new URL(url);
    byRole.searchParams.delete("options");
    const other = await places.cluster.place();
    closers.push(() => other.drop());
    const elsewhere = await open(other.url);
    await createAccount(elsewhere, 7, "jane");
    await admin(`GRANT USAGE ON SCHEMA ${other.name} TO ${name}`);
    await admin(`GRANT ALL ON ALL TABLES IN SCHEMA ${other.name} TO ${name}`);

    await admin(`ALTER ROLE ${name} SET search_path = ${name}`);
    const store = await open(byRole.href);
    const jane = await createAccount(store, 4000, "jane");
    const lead = async (schema: string) => {
      await admin(`ALTER ROLE ${name} SET search_path = ${schema}`);
      await admin(`SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = '${name}'`);
    };
    for (const schema of [other.name, "pg_catalog", "nowhere"]) {
      await lead(schema);
      await expect(store.accounts.byName("jane")).rejects.toMatchObject({ code: "store_unavailable" });
      expect(await store.ready()).toBe(false);
      await lead(name);
      expect(await store.accounts.byName("jane")).toEqual(jane);
      expect(await store.ready()).toBe(true);
    }
    expect(store.warnings[0]).toContain("another ledger");
  });
});
