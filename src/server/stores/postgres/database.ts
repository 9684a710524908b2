import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { ApiError } from "../../core/api-error.ts";
import { cannotStore } from "../../core/store-unavailable.ts";
import { codeOf, failureOf } from "./failures.ts";
import { overloaded } from "./lanes.ts";
import { openPool, type PoolOptions } from "./pool.ts";

/** What became of a statement that was carried out, once or more often. */
export interface Outcome<Row> {
  rows: Row[];
  /** A unique index refused it: nothing was done by this call, or by its last try. */
  conflict: boolean;
  /** An answer to it was lost on the way, so that an earlier try of this very call may have done it. */
  repeated: boolean;
}

/** One statement on one connection; its rows. */
export type Query = <Row = unknown>(sql: string, values?: unknown[]) => Promise<Row[]>;

/** Connections to the database, and what to do when they break. */
export interface Database {
  /**
   * Carries out one statement that may be repeated: its second time changes nothing, or the caller looks at
   * `repeated`. It is repeated after a serialization failure, a deadlock, and a lost answer, for `patience` ms.
   * Rejects with `store_unavailable` (it may have happened, where the last answer was lost) or `overloaded` (it has not).
   */
  run: <Row = unknown>(sql: string, values?: unknown[], patience?: number) => Promise<Outcome<Row>>;
  /** A connection for several statements; it is dropped where `work` rejects. Errors come as they are. */
  connection: <T>(work: (query: Query) => Promise<T>) => Promise<T>;
  readonly health: Health;
  close(): Promise<void>;
}

/** What the statements that `run` carried out say about the database. */
export interface Health {
  /** When one last succeeded, as `performance.now()` tells it. */
  answered: number;
  /** The last statement that should have written and failed; undefined once it has written, or the readiness check has. */
  unwritten: string | undefined;
  /** Whether the database grants not one connection. */
  readonly starved: boolean;
}

/** ms for which a statement is repeated unless its caller has more patience. */
const PATIENCE = 2_000;

/** The statements that write nothing. */
const READS = /^\s*(SELECT|SHOW)\b/;

/** Longest queue for a connection; who comes then is refused at once. */
const QUEUE = 2_000;

/**
 * Opens no connection yet. Each statement is a transaction of its own: no session holds anything, so that a pooler may
 * give every statement another connection. For the same reason no timeout is set on the server (a `SET` would stay on
 * a connection that others get next, and some poolers refuse it at the start): an answer that takes longer than
 * `answer` counts as lost, and its connection is closed.
 */
export function openDatabase(options: PoolOptions): Database {
  const { warn } = options;
  const limited = openPool(options);
  const { pool } = limited;
  const health: Health = {
    answered: Number.NEGATIVE_INFINITY,
    unwritten: undefined,
    get starved() {
      return limited.starved;
    },
  };
  // Until a pooler in between shows that it doesn't keep them.
  let prepares = true;
  let down = false;

  async function send<Row>(sql: string, values: unknown[]): Promise<Row[]> {
    if (pool.waitingCount >= QUEUE) throw overloaded();
    const { rows, rowCount } = await pool.query(
      prepares ? { name: nameOf(sql), text: sql, values } : { text: sql, values },
    );
    if (down) warn("The database answers again.");
    down = false;
    health.answered = performance.now();
    // On a full disk, statements that need no new page still succeed.
    if (health.unwritten === sql && rowCount) health.unwritten = undefined;
    return rows as Row[];
  }

  function outage(error: unknown): ApiError {
    if (!down)
      warn(`The database cannot be used (${codeOf(error)}). Trying on; questions are refused meanwhile.`);
    down = true;
    return unavailable(error);
  }

  async function run<Row>(sql: string, values: unknown[] = [], patience = PATIENCE): Promise<Outcome<Row>> {
    const end = performance.now() + patience;
    let repeated = false;
    for (let tries = 0; ; tries += 1) {
      try {
        return { rows: await send<Row>(sql, values), conflict: false, repeated };
      } catch (error) {
        if (error instanceof ApiError) throw error;
        const failure = failureOf(error);
        if (failure === "conflict") return { rows: [], conflict: true, repeated };
        if (failure === "bug") throw error;
        if (failure === "busy" && !repeated) throw overloaded(error);
        if (failure === "unprepared") prepares = false;
        if (failure === "lost") repeated = true;
        if (failure === "full") limited.limit();
        // The pool lets it wait for one of the connections that are open.
        if (failure === "full" && !limited.starved && performance.now() < end + options.wait) continue;
        const backoff = failure === "unprepared" ? 0 : Math.random() * Math.min(1000, 20 * 2 ** tries);
        if (failure === "refused" || failure === "busy" || performance.now() + backoff > end) {
          if (failure !== "full" && !READS.test(sql)) health.unwritten = sql;
          throw outage(error);
        }
        await pause(backoff);
      }
    }
  }

  async function connection<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    // Its statement fails as well; without a listener the error would end the process.
    const ignore = () => {};
    client.on("error", ignore);
    try {
      const done = await work(async (sql, values) => (await client.query(sql, values)).rows as never);
      client.off("error", ignore);
      client.release();
      return done;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  return { run, connection, health, close: () => pool.end() };
}

/** The database takes nothing now. */
export const unavailable = (cause: unknown): ApiError => cannotStore(cause);

/** Prepared statements are told apart by their text: another version's, on a pooler's connection, has another name. */
function nameOf(sql: string): string {
  const known = names.get(sql);
  if (known !== undefined) return known;
  const name = `chat_${createHash("sha256").update(sql).digest("hex").slice(0, 24)}`;
  names.set(sql, name);
  return name;
}

const names = new Map<string, string>();
