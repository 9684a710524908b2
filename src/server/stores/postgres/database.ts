import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "pg";
import { ApiError } from "../../core/api-error.ts";
import { storeUnavailable } from "../../core/store-unavailable.ts";
import { codeOf, failureOf } from "./failures.ts";
import { overloaded } from "./lanes.ts";

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
  close(): Promise<void>;
}

export interface DatabaseOptions {
  connectionString: string;
  /** Most connections at a time. */
  connections: number;
  /** ms that a statement waits for a connection. */
  wait: number;
  /** ms that a statement may take. */
  answer: number;
  /** Gets sentences for the operator. */
  warn: (sentence: string) => void;
}

/** ms for which a statement is repeated unless its caller has more patience. */
const PATIENCE = 2_000;

/** Longest queue for a connection; who comes then is refused at once. */
const QUEUE = 2_000;

const HALF_HOUR = 30 * 60;

/**
 * Opens no connection yet. Each statement is a transaction of its own: no session holds anything, so that a pooler may
 * give every statement another connection. For the same reason no timeout is set on the server (a `SET` would stay on
 * a connection that others get next, and some poolers refuse it at the start): an answer that takes longer than
 * `answer` counts as lost, and its connection is closed.
 */
export function openDatabase({
  connectionString,
  connections,
  wait,
  answer,
  warn,
}: DatabaseOptions): Database {
  const pool = new Pool({
    connectionString,
    max: connections,
    connectionTimeoutMillis: wait,
    query_timeout: answer,
    idleTimeoutMillis: 30_000,
    maxLifetimeSeconds: HALF_HOUR,
    keepAlive: true,
    application_name: "ai-chat",
  });
  // An idle connection broke: the pool has dropped it, and the next statement tells what is the matter.
  pool.on("error", () => {});
  // Until a pooler in between shows that it doesn't keep them.
  let prepares = true;
  let down = false;

  async function send<Row>(sql: string, values: unknown[]): Promise<Row[]> {
    if (pool.waitingCount >= QUEUE) throw overloaded();
    const { rows } = await pool.query(
      prepares ? { name: nameOf(sql), text: sql, values } : { text: sql, values },
    );
    if (down) warn("The database answers again.");
    down = false;
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
        if (failure === "busy") throw repeated ? outage(error) : overloaded(error);
        if (failure === "unprepared") prepares = false;
        if (failure === "lost") repeated = true;
        const backoff = failure === "unprepared" ? 0 : Math.random() * Math.min(1000, 20 * 2 ** tries);
        if (failure === "refused" || performance.now() + backoff > end) throw outage(error);
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

  return { run, connection, close: () => pool.end() };
}

/** The database takes nothing now. */
export const unavailable = (cause: unknown): ApiError =>
  storeUnavailable(
    "The server cannot store anything at the moment. Nothing was charged; try again soon.",
    cause,
  );

/** Prepared statements are told apart by their text: another version's, on a pooler's connection, has another name. */
function nameOf(sql: string): string {
  const known = names.get(sql);
  if (known !== undefined) return known;
  const name = `chat_${createHash("sha256").update(sql).digest("hex").slice(0, 24)}`;
  names.set(sql, name);
  return name;
}

const names = new Map<string, string>();
