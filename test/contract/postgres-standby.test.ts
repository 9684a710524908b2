import { Client } from "pg";
import { describe, expect, it, vi } from "vitest";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { balanced, createAccount, question, unhurried } from "../support/postgres-store.ts";
import { noOwnPostgres, skipped } from "../support/postgres.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";

describe.skipIf(noOwnPostgres)(`a missing synchronous standby${skipped(noOwnPostgres)}`, () => {
  const places = openPlaces({});
  const { closers } = places;

  it("keeps no hold of a question that was refused, when it is back", async () => {
    const { place, cluster } = places;
    const wire = await openTcpProxy(cluster.port);
    closers.push(() => wire.close());
    const store = await openPostgresStore({ url: wire.through(place.url), warn: () => {}, ...unhurried });
    closers.push(() => store.close());
    const [jane, john] = [await createAccount(store), await createAccount(store)];
    const charged = question(john, { key: "key" });
    await store.ledger.hold(charged);
    await store.ledger.charge(charged.id);
    const standby = async (change: string) => {
      await place.query(`ALTER SYSTEM ${change}`);
      await place.query("SELECT pg_reload_conf()");
    };
    const committing = async (since = "0 seconds") =>
      (
        await place.query(
          "SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query_start <= now() - $1::interval",
          [since],
        )
      ).length;

    // Who commits waits only once the checkpointer has seen the setting as well.
    await place.query(`CREATE TABLE ${place.name}.counts AS SELECT 1 AS n`);
    const writer = new Client({ connectionString: place.url });
    await writer.connect();
    closers.push(() => writer.end());
    const over = new AbortController();
    const write = async () => {
      while (!over.signal.aborted) await writer.query("UPDATE counts SET n = n + 1");
    };
    closers.push(() => standby("RESET synchronous_standby_names"));
    await standby("SET synchronous_standby_names = 'away'");
    const writing = write();
    await vi.waitUntil(async () => (await committing()) === 1, { timeout: 60_000 });
    const asked = [question(jane), question(john, { key: "key" })];
    const refused = Promise.allSettled(
      asked.map(async (request, index) => {
        // One after the other: together they would be one commit.
        await vi.waitUntil(async () => (await committing()) === 1 + index, { timeout: 60_000 });
        return store.ledger.hold(request);
      }),
    );
    await vi.waitUntil(async () => (await committing()) === 3, { timeout: 60_000 });
    wire.lead(undefined);
    const unavailable = { status: "rejected", reason: { code: "store_unavailable" } };
    expect(await refused).toMatchObject([unavailable, unavailable]);

    let released = 0;
    wire.seen = (data) => (released += data.includes(asked[0]!.id) ? 1 : 0);
    wire.lead(cluster.port);
    await vi.waitUntil(() => released > 1, { timeout: 60_000 });
    await vi.waitUntil(async () => (await committing("5.5 seconds")) === 3, { timeout: 60_000 });
    expect(await store.ready()).toBe(false);
    // The readiness check left no other write behind.
    expect(await committing()).toBe(3);
    over.abort();
    await standby("RESET synchronous_standby_names");
    await writing;
    await vi.waitUntil(async () => (await committing()) === 0, { timeout: 60_000 });
    await vi.waitUntil(() => store.ready(), { timeout: 60_000 });
    // Their own time is over after more than two minutes.
    await vi.waitUntil(async () => (await store.ledger.balance(jane.id)).held === 0, { timeout: 60_000 });
    await vi.waitUntil(
      async () => (await store.ledger.hold(question(john, { key: "key" }))).kind === "paid",
      { timeout: 60_000 },
    );
    expect(await balanced(place)).toBe(true);
  });
});
