import { ApiError } from "../../core/api-error.ts";
import type { AccountId } from "../../core/ports.ts";
import { skippingLocked, TogetherFailed, unavailable, type Database, type Outcome } from "./database.ts";
import { failureOf } from "./failures.ts";
import { overloaded } from "./lanes.ts";

/** A call whose row can go in one statement with the rows of other calls. */
export interface RowCall {
  /**
   * The statement. Its parameters are arrays: the ids, then `values`. It locks the accounts of its rows with `FOR UPDATE`,
   * and returns the row of each call that took effect, and as `locked` each whose account it left out.
   */
  sql: string;
  /** The same for one row, with its id and values as parameters. It may fail as a conflict instead of taking no effect. */
  one: string;
  id: string;
  account: AccountId;
  /** Called anew for each statement. */
  values: () => unknown[];
  /** As of `Database.run`. */
  timeout?: number;
}

/** A call and its promise. */
export interface WaitingCall extends RowCall {
  resolve: (outcome: Outcome<never>) => void;
  reject: (error: unknown) => void;
}

interface Row {
  id: string;
  locked: boolean;
}

type Run = Pick<Database, "run">;

function statementOf(calls: WaitingCall[]): { sql: string; parameters: unknown[] } {
  const { sql, one } = calls[0]!;
  const rows = calls.map(({ id, values }) => [id, ...values()]);
  if (rows.length === 1) return { sql: one, parameters: rows[0]! };
  return { sql, parameters: rows[0]!.map((_, column) => rows.map((row) => row[column])) };
}

/** The longest of the timeouts; undefined if no call has one. */
function timeoutOf(calls: WaitingCall[]): number | undefined {
  const timeouts = calls.flatMap(({ timeout }) => timeout ?? []);
  return timeouts.length > 0 ? Math.max(...timeouts) : undefined;
}

/**
 * Sends the rows of several accounts once, without waiting for locked accounts. Settles what it can, and returns the other
 * calls: those of locked accounts; or, if the statement failed, all. `lost`: it may have taken effect.
 */
export async function sendTogether(
  { run }: Run,
  calls: WaitingCall[],
): Promise<{ left: WaitingCall[]; lost: boolean }> {
  try {
    const { sql, parameters } = statementOf(calls);
    const { rows } = await run<Row>(skippingLocked(sql), parameters, timeoutOf(calls), true);
    const locked = new Set(rows.flatMap((row) => (row.locked ? [row.id] : [])));
    const left = calls.filter(({ id }) => locked.has(id));
    const settled = calls.filter(({ id }) => !locked.has(id));
    settle(settled, { rows, conflict: false, repeated: false });
    return { left, lost: false };
  } catch (error) {
    if (calls.length === 1 && error instanceof TogetherFailed && failureOf(error.cause) === "conflict") {
      settle(calls, { rows: [], conflict: true, repeated: false });
      return { left: [], lost: false };
    }
    if (error instanceof TogetherFailed) return { left: calls, lost: error.lost };
    for (const { reject } of calls) reject(copyOf(error));
    return { left: [], lost: false };
  }
}

/**
 * Sends the rows of one account, waits for its lock, and retries; if the statement fails for another reason than the
 * database's absence, each row alone. `lost`: a statement with them may have taken effect before.
 */
export async function sendGroup({ run }: Run, calls: WaitingCall[], lost: boolean): Promise<void> {
  try {
    const { sql, parameters } = statementOf(calls);
    const outcome = await run<Row>(sql, parameters, timeoutOf(calls));
    if (outcome.conflict && calls.length > 1) return await sendEach({ run }, calls, lost);
    settle(calls, { ...outcome, repeated: outcome.repeated || lost });
  } catch (error) {
    if (calls.length > 1 && !isOutage(error)) return sendEach({ run }, calls, lost);
    // After a lost response nobody may say that nothing was done.
    for (const { reject } of calls) reject(copyOf(error, lost));
  }
}

async function sendEach({ run }: Run, calls: WaitingCall[], lost: boolean): Promise<void> {
  for (const call of calls) await sendGroup({ run }, [call], lost);
}

function settle(calls: WaitingCall[], { rows, ...outcome }: Outcome<Row>): void {
  const found = new Map(rows.map((row) => [row.id, row]));
  for (const { id, resolve } of calls) {
    const row = found.get(id);
    // Nobody has locked an account that does not exist.
    resolve({ ...outcome, rows: (row && !row.locked ? [row] : []) as never[] });
  }
}

/** Whether every row would fail in the same way. */
const isOutage = (error: unknown) => error instanceof ApiError && failureOf(error.cause) !== "refused";

/** Each call gets its own error, because its caller may change it. */
function copyOf(error: unknown, lost = false): unknown {
  if (!(error instanceof ApiError)) return error;
  return error.code === "overloaded" && !lost ? overloaded(error.cause) : unavailable(error.cause ?? error);
}
