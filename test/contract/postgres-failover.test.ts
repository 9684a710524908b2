import type { QueryResultRow } from "pg";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { balanced, createAccount, question } from "../support/postgres-store.ts";
import {
  noOwnPostgres,
  openCluster,
  query,
  type Cluster,
  type ClusterOptions,
  skipped,
} from "../support/postgres.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";

describe.skipIf(noOwnPostgres)(`a failover to a synchronous standby${skipped(noOwnPostgres)}`, () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function open(options: ClusterOptions): Promise<Cluster> {
    const cluster = await openCluster({ durable: true, ...options });
    closers.push(() => cluster.close());
    return cluster;
  }

  it("keeps every acknowledged charge, and questions continue at the new primary", async () => {
    const primary = await open({ settings: ["wal_keep_size=64MB"] });
    const standby = await open({ standbyOf: primary });
    const place = await primary.place();
    await place.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
    await place.query("SELECT pg_reload_conf()");
    await vi.waitUntil(
      async () =>
        (await place.query("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")).length > 0,
      { timeout: 120_000 },
    );

    const wire = await openTcpProxy(primary.port);
    closers.push(() => wire.close());
    const openStore = async () => {
      const store = await openPostgresStore({ url: wire.through(place.url), warn: () => {} });
      closers.push(() => store.close());
      return store;
    };
    const stores = [await openStore(), await openStore()] as const;
    const accounts = await Promise.all([0, 1, 2].map(() => createAccount(stores[0], 1_000_000)));
    const acknowledged = new Map(accounts.map(({ id }) => [id, 0]));
    let inDoubt = 0;
    const over = new AbortController();
    const ask = async (index: number) => {
      const [account, store] = [accounts[index % 3]!, stores[index % 2]!];
      while (!over.signal.aborted) {
        const request = question(account);
        const held = await store.ledger.hold(request).catch(() => undefined);
        if (held?.kind !== "held") continue;
        const charged = await store.ledger.charge(request.id).catch(() => undefined);
        if (charged?.kind === "charged") acknowledged.set(account.id, acknowledged.get(account.id)! + 1);
        else inDoubt += 1;
      }
    };
    const sum = () => [...acknowledged.values()].reduce((all, one) => all + one, 0);
    const work = Promise.all(Array.from({ length: 6 }, (_, index) => ask(index)));
    await vi.waitUntil(() => sum() > 60, { timeout: 120_000, interval: 5 });

    await primary.crash();
    const before = sum();
    // The way leads there before it takes writes: what comes meanwhile is refused.
    wire.lead(standby.port);
    expect(await stores[0].ready()).toBe(false);
    const atStandby = new URL(place.url);
    atStandby.port = String(standby.port);
    const there = <Row extends QueryResultRow>(text: string) => query<Row>(atStandby.href, text);
    expect(await there("SELECT pg_promote() AS done")).toEqual([{ done: true }]);
    await vi.waitUntil(() => sum() > before + 30, { timeout: 120_000, interval: 5 });
    over.abort();
    await work;

    for (const { id } of accounts) {
      const { tokens } = await stores[1].ledger.balance(id);
      const charges = (1_000_000 - tokens) / 100;
      expect(charges).toBeGreaterThanOrEqual(acknowledged.get(id)!);
      expect(charges).toBeLessThanOrEqual(acknowledged.get(id)! + inDoubt);
    }
    expect(await stores[1].ready()).toBe(true);
    expect(await balanced({ query: there })).toBe(true);
  });
});
