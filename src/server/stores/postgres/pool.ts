import { callbackify } from "node:util";
import { Pool, type ClientBase } from "pg";
import { checkLedger } from "./ledger-id.ts";

export interface PoolOptions {
  connectionString: string;
  /** Most connections. */
  connections: number;
  /** Milliseconds that a statement waits for a connection. */
  wait: number;
  /** Milliseconds that a statement may take. */
  answer: number;
  /** Gets sentences for the operator. */
  warn: (sentence: string) => void;
  /** The ID of the ledger to which every new connection must lead; undefined while it is unknown. */
  ledger?: () => string | undefined;
}

/** A pool that shrinks when the database refuses connections. */
export interface LimitedPool {
  readonly pool: Pool;
  /** Whether the database refused a connection recently and none is open. */
  readonly starved: boolean;
  /** To be called when the database refused a connection (53300). For a while the pool opens no more connections. */
  limit(): void;
}

/** Milliseconds until a limited pool opens more connections again. */
const GROW = 10_000;

const HALF_HOUR = 30 * 60;

/** Opens no connection yet. */
export function openPool({
  connectionString,
  connections,
  wait,
  answer,
  warn,
  ledger = () => undefined,
}: PoolOptions): LimitedPool {
  const pool = new Pool({
    connectionString,
    max: connections,
    connectionTimeoutMillis: wait,
    query_timeout: answer,
    idleTimeoutMillis: 30_000,
    maxLifetimeSeconds: HALF_HOUR,
    keepAlive: true,
    application_name: "ai-chat",
    verify: callbackify(async (client: ClientBase) => {
      const expected = ledger();
      if (expected !== undefined) await checkLedger(client, expected);
    }),
  });
  // An idle connection broke. The pool has dropped it, and the next statement reports the fault.
  pool.on("error", () => {});
  let open = 0;
  let growing: NodeJS.Timeout | undefined;
  let warned = false;
  pool.on("connect", () => {
    open += 1;
    if (open === connections) warned = false;
  });
  pool.on("remove", () => (open -= 1));

  function grow(): void {
    pool.options.max = connections;
    growing = undefined;
  }

  return {
    pool,
    get starved() {
      return growing !== undefined && open === 0;
    },
    limit() {
      pool.options.max = Math.max(1, open);
      clearTimeout(growing);
      growing = setTimeout(grow, GROW).unref();
      if (!warned)
        warn(
          "The database accepts no more connections (53300): statements wait for the open ones. Raise its limit, or lower --store-connections.",
        );
      warned = true;
    },
  };
}
