import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { ConnectionState, StoreMeter, StoreState } from "../core/store-meter.ts";

/** Milliseconds after which a store that has not said whether it is ready counts as down. */
const READY = 1_000;

/** From a fast local disk to the timeout of a statement. */
const WRITE_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const FACT_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500];

const STATES: readonly ConnectionState[] = ["in_use", "idle", "waiting"];

/**
 * Registers the metrics of a store (docs/monitoring.md#metrics), and returns what the store reports to. All are of this
 * server alone: what other servers of the store and commands with `--store` do is not counted.
 */
export function storeMetrics(registry: Registry): StoreMeter {
  const registers = [registry];
  let state: StoreState | undefined;

  // Added up here: prom-client takes a microsecond for each count.
  let [granted, taken] = [0, 0];
  const charged = new Map<string, number>();
  const counter = (name: string, help: string, read: () => number) => {
    const metric = new Counter({
      name,
      help,
      registers: [],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
    registry.registerMetric(metric);
  };
  counter(
    "ai_chat_tokens_granted_total",
    "Tokens that this server added to accounts: of new accounts, grants and refills.",
    () => granted,
  );
  counter("ai_chat_tokens_taken_total", "Tokens that operators took back through this server.", () => taken);
  const charges = new Counter({
    name: "ai_chat_tokens_charged_total",
    help: "Tokens that this server charged for answers, by the model that was asked.",
    labelNames: ["model"],
    registers: [],
    collect() {
      this.reset();
      for (const [model, tokens] of charged) this.inc({ model }, tokens);
    },
  });
  registry.registerMetric(charges);
  const facts = new Histogram({
    name: "ai_chat_store_batch_facts",
    help: "Facts that one write made durable; with Postgres, charges of one statement.",
    buckets: FACT_BUCKETS,
    registers,
  });
  const seconds = new Histogram({
    name: "ai_chat_store_write_seconds",
    help: "Time that a write of this server took: the fdatasync of the ledger; with Postgres a statement that writes, with its wait for a connection and its retries.",
    buckets: WRITE_BUCKETS,
    registers,
  });
  /** Reads it at a scrape. It is absent while there is nothing to read. */
  function gauge(name: string, help: string, read: () => number | undefined): void {
    const metric = new Gauge({
      name,
      help,
      registers: [],
      collect() {
        const value = read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
    registry.registerMetric(metric);
  }
  gauge("ai_chat_tokens_held", "Tokens in the open holds of this server's questions.", () => state?.held());
  const up = new Gauge({
    name: "ai_chat_store_up",
    help: "1 if the store can store a charge now, as /readyz asks it; 0 also if it does not say so within a second.",
    registers: [],
    async collect() {
      this.set(state && (await isUp(state)) ? 1 : 0);
    },
  });
  registry.registerMetric(up);
  gauge("ai_chat_ledger_bytes", "Size of the ledger's file; JSON files only.", () => state?.ledgerBytes?.());
  const connections = new Gauge({
    name: "ai_chat_postgres_connections",
    help: "Connections of this server to Postgres that are in_use or idle, and the statements that wait for one; without the connection that only checks readiness.",
    labelNames: ["state"],
    registers: [],
    collect() {
      const now = state?.connections?.();
      if (now) for (const state of STATES) this.set({ state }, now[state]);
    },
  });
  registry.registerMetric(connections);
  gauge(
    "ai_chat_postgres_calls_waiting",
    "Calls that wait for others of their account or for the next statement, before they need a connection.",
    () => state?.waiting?.(),
  );

  // The series are kept: prom-client checks the labels each time that it is asked for one.
  const [factSeries, secondSeries] = [facts.labels(), seconds.labels()];
  return {
    granted: (tokens) => (granted += tokens),
    taken: (tokens) => (taken += tokens),
    charged: (model, tokens) => charged.set(model, (charged.get(model) ?? 0) + tokens),
    batch: (count) => factSeries.observe(count),
    wrote: (ms) => secondSeries.observe(ms / 1000),
    watch: (opened) => (state = opened),
  };
}

/** Never rejects. */
async function isUp(state: StoreState): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, READY, false);
  });
  const ready = state.ready().catch(() => false);
  return Promise.race([ready, late]).finally(() => clearTimeout(timer));
}
