import { randomUUID } from "node:crypto";
import { ApiError } from "../../core/api-error.ts";
import type { Database } from "./database.ts";
import { failureOf } from "./failures.ts";

/** ms for which a check is repeated whose answer was lost. */
const PATIENCE = 1_000;

/** ms for which a statement that succeeded shows that the database answers. */
const RECENT = 5_000;

/** ms between two writes of the check. */
const WRITE_AGAIN = 1_000;

const READ = "SHOW transaction_read_only";

/**
 * 16 KiB of tokens that expired long ago, which the next sweep removes: more than fits into pages that exist, so that
 * a full disk does not take it. Nobody has the account's id.
 */
export const WRITE = `
INSERT INTO chat_revoked (account, jti, expires)
SELECT '', $1::text || i || repeat('-', 1900), now() - interval '1 day' FROM generate_series(1, 8) AS i`;

/**
 * Commits that wait for a synchronous standby that is away. Another write would wait as well, and its connection would
 * stay open in the database after the check has given it up.
 */
const STUCK = `
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND wait_event = 'SyncRep' AND query_start < now() - interval '5 seconds'`;

/** Whether the database takes what a server writes. */
export interface Readiness {
  /** Asks it, once for all who ask at the same time. Never rejects. */
  ask(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Takes over `own`, a database of one connection, which no question can take: a server with more questions than
 * connections is busy, and no balancer should take it out for that, with all the others, which are as busy. Where the
 * database does not grant that connection, the check goes by what the statements of the questions tell.
 */
export function openReadiness(
  own: Pick<Database, "run" | "close">,
  statements: Pick<Database, "run" | "health">,
): Readiness {
  const { health } = statements;
  let asking: Promise<boolean> | undefined;
  let written = { at: Number.NEGATIVE_INFINITY, worked: false };

  const isRecent = () => performance.now() - health.answered < RECENT;

  /** On its own connection, which may have broken while it was idle. */
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
      // A server whose questions get no connection is of no use.
      if (!health.starved) return await onOwn(sql, values);
    } catch (error) {
      const failure = causeOf(error);
      if (failure === "refused" || (failure === "full" && sql === READ && isRecent())) throw error;
    }
    return (await statements.run<Row>(sql, values, PATIENCE)).rows;
  }

  async function isWritable(): Promise<boolean> {
    try {
      const [row] = await send<{ transaction_read_only: string }>(READ);
      return row?.transaction_read_only === "off";
    } catch (error) {
      const failure = causeOf(error);
      return (failure === "full" || failure === "busy") && isRecent();
    }
  }

  /** False also on an engine that cannot say it. */
  const isStuck = () =>
    onOwn(STUCK, []).then(
      (rows) => rows.length > 0,
      () => false,
    );

  const takesWrite = () =>
    send(WRITE, [randomUUID()]).then(
      () => true,
      () => false,
    );

  async function write(): Promise<boolean> {
    if (performance.now() - written.at < WRITE_AGAIN) return written.worked;
    const worked = !(await isStuck()) && (await takesWrite());
    if (worked) health.unwritten = undefined;
    written = { at: performance.now(), worked };
    return worked;
  }

  return {
    ask() {
      asking ??= (health.unwritten === undefined ? isWritable() : write()).finally(
        () => (asking = undefined),
      );
      return asking;
    },
    async close() {
      await asking;
      await own.close();
    },
  };
}

/** What kept a statement from succeeding. */
const causeOf = (error: unknown) => failureOf(error instanceof ApiError ? error.cause : error);
