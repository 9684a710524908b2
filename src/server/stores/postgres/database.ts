import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { ApiError } from "../../core/api-error.ts";
import type { ConnectionState } from "../../core/store-meter.ts";
import { cannotStore } from "../../core/store-unavailable.ts";
import { codeOf, failureOf, type Failure } from "./failures.ts";
import { overloaded } from "./lanes.ts";
import { openPool, type PoolOptions } from "./pool.ts";

/** The result of a statement, after any retries. */
export interface Outcome<Row> {
  rows: Row[];
  /** A unique index refused it: the last try changed nothing. */
  conflict: boolean;
  /** A response was lost, so an earlier try of this call may have taken effect. */
  repeated: boolean;
}

/** Runs one statement on one connection, and returns its rows. */
export type Query = <Row = unknown>(sql: string, values?: unknown[]) => Promise<Row[]>;

/** Connections to the database, with retries. */
export interface Database {
  /**
   * Runs one statement that is safe to repeat: a second run changes nothing, or the caller checks `repeated`. Retries for
   * `timeout` ms after a serialization failure, a deadlock or a lost response. Rejects with `store_unavailable` (the
   * statement may have taken effect if the last response was lost) or `overloaded` (it has not). `together`: the statement
   * has rows of several calls; if it fails after it was sent, it is not repeated but rejects with {@link TogetherFailed}.
   */
  run: <Row = unknown>(
    sql: string,
    values?: unknown[],
    timeout?: number,
    together?: boolean,
  ) => Promise<Outcome<Row>>;
  /** A connection for several statements; it is closed if `work` rejects. Errors are passed on unchanged. */
  connection: <T>(work: (query: Query) => Promise<T>) => Promise<T>;
  readonly health: Health;
  readonly connections: () => Record<ConnectionState, number>;
  close(): Promise<void>;
}

/** A statement with rows of several calls failed: nothing changed, or, if its response was `lost`, perhaps all of it. */
export class TogetherFailed extends Error {
  readonly lost: boolean;
  constructor(lost: boolean, cause: unknown) {
    super("a statement of several rows failed", { cause });
    this.lost = lost;
  }
}

/** Makes a statement that waits for locked rows one that leaves them out. */
export const skippingLocked = (sql: string): string => sql.replaceAll("FOR UPDATE", "FOR UPDATE SKIP LOCKED");

const waitingForLocked = (sql: string) => sql.replaceAll(" SKIP LOCKED", "");

/** The state of the database, as the statements of `run` have shown it. */
export interface Health {
  /** When a statement last succeeded, by `performance.now()`. */
  answered: number;
  /** The last write that failed; undefined again when it, or the write of the readiness check, has succeeded. */
  unwritten: string | undefined;
  /** Whether the database refuses connections and none is open. */
  readonly starved: boolean;
}

/** Milliseconds for which a statement is retried by default. */
const RETRY_TIMEOUT = 2_000;

/** Failures after which a statement is sent again as it was, because the database did not execute it. */
const NOT_EXECUTED: readonly Failure[] = ["busy", "full", "unprepared"];

/** Statements that write nothing. */
export const READS = /^\s*(SELECT|SHOW)\b/;

/** Most statements that wait for a connection; more are refused at once. */
const QUEUE = 2_000;

/**
 * Opens no connection yet. Each statement is its own transaction and leaves nothing in the session, so that a pooler can
 * give every statement another connection. For the same reason no timeout is set in the database: a `SET` would stay on a
 * connection that other clients get next, and some poolers refuse it at the start. A response that takes longer than
 * `answer` ms counts as lost, and its connection is closed.
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
  // False as soon as a pooler turns out not to keep prepared statements.
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
    if (rowCount && health.unwritten !== undefined && health.unwritten === waitingForLocked(sql))
      health.unwritten = undefined;
    return rows as Row[];
  }

  function outage(error: unknown): ApiError {
    if (!down)
      warn(
        `The database cannot be used (${codeOf(error)}). Retrying; questions are refused until it answers.`,
      );
    down = true;
    return unavailable(error);
  }

  async function run<Row>(
    sql: string,
    values: unknown[] = [],
    timeout = RETRY_TIMEOUT,
    together = false,
  ): Promise<Outcome<Row>> {
    const end = performance.now() + timeout;
    let repeated = false;
    for (let tries = 0; ; tries += 1) {
      try {
        return { rows: await send<Row>(sql, values), conflict: false, repeated };
      } catch (error) {
        if (error instanceof ApiError) throw error;
        const failure = failureOf(error);
        if (together && !NOT_EXECUTED.includes(failure)) throw new TogetherFailed(failure === "lost", error);
        if (failure === "conflict") return { rows: [], conflict: true, repeated };
        if (failure === "bug") throw error;
        if (failure === "busy" && !repeated) throw overloaded(error);
        if (failure === "unprepared") prepares = false;
        if (failure === "lost") repeated = true;
        if (failure === "full") limited.limit();
        // Try again: the pool waits for one of the open connections.
        if (failure === "full" && !limited.starved && performance.now() < end + options.wait) continue;
        const backoff = failure === "unprepared" ? 0 : Math.random() * Math.min(1000, 20 * 2 ** tries);
        if (failure === "refused" || failure === "busy" || performance.now() + backoff > end) {
          if (failure === "outdated") throw error;
          if (failure !== "full" && !READS.test(sql)) health.unwritten = waitingForLocked(sql);
          throw outage(error);
        }
        await pause(backoff);
      }
    }
  }

  async function connection<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    // The statement fails too. Without a listener the event would end the process.
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

  const connections = () => {
    const { totalCount, idleCount: idle, waitingCount: waiting } = pool;
    return { in_use: totalCount - idle, idle, waiting };
  };

  return { run, connection, health, connections, close: () => pool.end() };
}

/** The database takes nothing now. */
export const unavailable = (cause: unknown): ApiError => cannotStore(cause);

/** A prepared statement's name, from its text: a pooler's connection can hold statements of another version. */
function nameOf(sql: string): string {
  const known = names.get(sql);
  if (known !== undefined) return known;
  const name = `chat_${createHash("sha256").update(sql).digest("hex").slice(0, 24)}`;
  names.set(sql, name);
  return name;
}

const names = new Map<string, string>();

/** After a lost response nobody may say that nothing was done. */
export function inDoubt(error: unknown): never {
  throw unavailable(error);
}
