import { randomUUID } from "node:crypto";
import { ApiError } from "../../core/api-error.ts";
import type { Database } from "./database.ts";
import { failureOf } from "./failures.ts";

/** Milliseconds for which a check is retried after a lost response. */
const RETRY_TIMEOUT = 1_000;

/** Milliseconds for which a successful statement proves that the database answers. */
const RECENT = 5_000;

/** Milliseconds between two writes of the check. */
const WRITE_AGAIN = 1_000;

const READ = "SHOW transaction_read_only";

/**
 * Writes 16 KiB of expired tokens, which the next sweep removes. That is more than the existing pages can take, so it
 * fails on a full disk. No account has the empty id.
 */
export const WRITE = `
INSERT INTO chat_revoked (account, jti, expires)
SELECT '', $1::text || i || repeat('-', 1900), now() - interval '1 day' FROM generate_series(1, 8) AS i`;

/**
 * Commits that wait for a missing synchronous standby. A write of the check would wait too, and its connection would stay
 * open in the database after the check's timeout.
 */
const STUCK = `
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND wait_event = 'SyncRep' AND query_start < now() - interval '5 seconds'`;

const NO_STANDBY = "commits wait for a synchronous standby that is missing";

/** Checks whether the database accepts writes. */
export interface Readiness {
  /** Callers at the same time share one check. Never rejects. */
  ask(): Promise<boolean>;
  /** Why the last check failed; undefined if it did not. */
  readonly trouble: unknown;
  close(): Promise<void>;
}

/**
 * Takes over `own`, a database with one connection that questions cannot use: a server with more questions than
 * connections is busy but ready, and a load balancer must not remove it, with all others that are as busy. If the database
 * refuses that connection, the check uses the statements of the questions.
 */
export function openReadiness(
  own: Pick<Database, "run" | "close">,
  statements: Pick<Database, "run" | "health">,
): Readiness {
  const { health } = statements;
  let asking: Promise<boolean> | undefined;
  let trouble: unknown;
  let written = { at: Number.NEGATIVE_INFINITY, worked: false };

  const isRecent = () => performance.now() - health.answered < RECENT;

  /** Uses the check's connection. If it broke while it was idle, tries once more. */
  async function onOwn<Row>(sql: string, values: unknown[]): Promise<Row[]> {
    try {
      return (await own.run<Row>(sql, values, 0)).rows;
    } catch (error) {
      if (causeOf(error) !== "lost") throw error;
      return (await own.run<Row>(sql, values, 0)).rows;
    }
  }

  async function send<Row>(sql: string, values: unknown[] = []): Promise<Row[]> {
    try {
      // Without a connection for questions the server is not ready, whatever the check's own connection says.
      if (!health.starved) return await onOwn(sql, values);
    } catch (error) {
      const failure = causeOf(error);
      if (failure === "refused" || (failure === "full" && sql === READ && isRecent())) throw error;
    }
    return (await statements.run<Row>(sql, values, RETRY_TIMEOUT)).rows;
  }

  function fail(error: unknown): false {
    trouble = error;
    return false;
  }

  async function isWritable(): Promise<boolean> {
    try {
      const [row] = await send<{ transaction_read_only: string }>(READ);
      if (row?.transaction_read_only === "off") return true;
      return fail(new Error("the database is read-only"));
    } catch (error) {
      const failure = causeOf(error);
      return ((failure === "full" || failure === "busy") && isRecent()) || fail(error);
    }
  }

  /** False also on an engine without this view. */
  const isStuck = () =>
    onOwn(STUCK, []).then(
      (rows) => rows.length > 0,
      () => false,
    );

  const takesWrite = () => send(WRITE, [randomUUID()]).then(() => true, fail);

  async function write(): Promise<boolean> {
    if (performance.now() - written.at < WRITE_AGAIN) return written.worked;
    const worked = (await isStuck()) ? fail(new Error(NO_STANDBY)) : await takesWrite();
    if (worked) health.unwritten = undefined;
    written = { at: performance.now(), worked };
    return worked;
  }

  async function check(): Promise<boolean> {
    const isReady = await (health.unwritten === undefined ? isWritable() : write());
    if (isReady) trouble = undefined;
    return isReady;
  }

  return {
    ask() {
      asking ??= check().finally(() => (asking = undefined));
      return asking;
    },
    get trouble() {
      return trouble;
    },
    async close() {
      await asking;
      await own.close();
    },
  };
}

/** Why a statement failed. */
const causeOf = (error: unknown) => failureOf(error instanceof ApiError ? error.cause : error);
