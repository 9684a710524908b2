import { Registry } from "prom-client";
import { afterEach, expect, test, vi } from "vitest";
import type { StoreState } from "../../../../src/server/core/store-meter.ts";
import { storeMetrics } from "../../../../src/server/metrics/store.ts";

afterEach(() => void vi.useRealTimers());

const json: StoreState = { ready: async () => true, held: () => 300, ledgerBytes: () => 4096 };
const postgres: StoreState = {
  ready: async () => true,
  held: () => 300,
  connections: () => ({ in_use: 3, idle: 5, waiting: 2 }),
  waiting: () => 7,
};

function open(state?: StoreState) {
  const registry = new Registry();
  const meter = storeMetrics(registry);
  if (state) meter.watch(state);
  /** The samples as a scrape sees them, by name and labels. */
  const scrape = async () => {
    const lines = (await registry.metrics()).split("\n").filter((line) => /^[a-z]/.test(line));
    return Object.fromEntries(
      lines.map((line) => [line.replace(/ \S+$/, ""), Number(line.split(" ").at(-1))]),
    );
  };
  return { registry, meter, scrape };
}

test("counts what the store reports, in base units", async () => {
  const { meter, scrape } = open(json);
  meter.granted(5000);
  meter.granted(0);
  meter.granted(50);
  meter.taken(20);
  meter.charged("small", 100);
  meter.charged("small", 100);
  meter.charged("large", 300);
  meter.batch(3);
  meter.wrote(2);
  expect(await scrape()).toMatchObject({
    ai_chat_tokens_granted_total: 5050,
    ai_chat_tokens_taken_total: 20,
    'ai_chat_tokens_charged_total{model="small"}': 200,
    'ai_chat_tokens_charged_total{model="large"}': 300,
    'ai_chat_store_batch_facts_bucket{le="2"}': 0,
    'ai_chat_store_batch_facts_bucket{le="5"}': 1,
    ai_chat_store_batch_facts_sum: 3,
    'ai_chat_store_write_seconds_bucket{le="0.001"}': 0,
    'ai_chat_store_write_seconds_bucket{le="0.0025"}': 1,
    ai_chat_store_write_seconds_sum: 0.002,
  });
});

test("reads the rest at each scrape, and has only what the store has", async () => {
  const { meter, scrape } = open();
  const before = await scrape();
  expect(before).toMatchObject({ ai_chat_store_up: 0, ai_chat_tokens_granted_total: 0 });
  expect(before).not.toHaveProperty("ai_chat_tokens_held");
  let bytes = 4096;
  meter.watch({ ...json, ledgerBytes: () => bytes });
  expect(await scrape()).toMatchObject({
    ai_chat_store_up: 1,
    ai_chat_tokens_held: 300,
    ai_chat_ledger_bytes: 4096,
  });
  bytes = 8192;
  const after = await scrape();
  expect(after).toHaveProperty("ai_chat_ledger_bytes", 8192);
  expect(Object.keys(after).filter((name) => name.includes("postgres"))).toEqual([]);
});

test("has connections and waiting calls of Postgres, and no ledger", async () => {
  const after = await open(postgres).scrape();
  expect(after).toMatchObject({
    'ai_chat_postgres_connections{state="in_use"}': 3,
    'ai_chat_postgres_connections{state="idle"}': 5,
    'ai_chat_postgres_connections{state="waiting"}': 2,
    ai_chat_postgres_calls_waiting: 7,
  });
  expect(after).not.toHaveProperty("ai_chat_ledger_bytes");
});

test("says that a store is down that is not ready, fails to say so, or says nothing for a second", async () => {
  const up = async (ready: () => Promise<boolean>) => {
    const { scrape } = open({ ...postgres, ready });
    return (await scrape())["ai_chat_store_up"];
  };
  expect(await up(async () => false)).toBe(0);
  expect(await up(() => Promise.reject(new Error("bug")))).toBe(0);
  vi.useFakeTimers();
  const hanging = up(() => new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await hanging).toBe(0);
  // What other tests of this worker left behind may set timers, too.
  const others = vi.getTimerCount();
  expect(await up(async () => true)).toBe(1);
  expect(vi.getTimerCount()).toBe(others);
});

test("explains each metric, and names the unit or what is counted as Prometheus wants it", async () => {
  for (const { name, help, type } of await open(postgres).registry.getMetricsAsJSON()) {
    expect(help, name).toMatch(/^[A-Z0-9].*\.$/);
    expect(name).toMatch(/^ai_chat_[a-z_]+$/);
    expect(name.endsWith("_total"), name).toBe(String(type) === "counter");
  }
});
