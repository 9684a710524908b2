import { callbackify } from "node:util";
import { Pool, type ClientBase } from "pg";
import { checkLedger } from "./ledger-id.ts";

export interface PoolOptions {
  connectionString: string;
  /** Most connections at a time. */
  connections: number;
  /** ms that a statement waits for a connection. */
  wait: number;
  /** ms that a statement may take. */
  answer: number;
  /** Gets sentences for the operator. */
  warn: (sentence: string) => void;
  /** The id of the ledger to which every new connection must lead; undefined while it is not known yet. */
  ledger?: () => string | undefined;
}

/** A pool that shrinks to what the database grants. */
export interface LimitedPool {
  readonly pool: Pool;
  /** Whether the database refused a connection lately and this pool has none. */
  readonly starved: boolean;
  /** To be called when the database refused a connection (53300): the pool opens no more than it has, for a while. */
  limit(): void;
}

/** ms until a pool that was limited tries to open more connections. */
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
  // An idle connection broke: the pool has dropped it, and the next statement reports what is wrong.
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
          "The database grants no more connections (53300): statements wait for those that are open. Raise its limit, or lower --store-connections.",
        );
      warned = true;
    },
  };
}
