/**
 * What a failed statement means:
 * - `conflict`: a unique index already has the row; nothing changed.
 * - `rolled_back`: serialization failure, deadlock, or the host's `lock_timeout`; nothing changed, and a retry makes sense.
 * - `outdated`: a rule of a row was broken; nothing changed. PostgreSQL checks the rules on the row that the statement's
 *   snapshot shows, before it finds that the row was changed meanwhile. A retry has a new snapshot; if it fails too, for
 *   longer, that is a bug.
 * - `unprepared`: a pooler's connection does not know the prepared statement; nothing changed.
 * - `lost`: the connection broke, or the response did not come; unknown whether the statement took effect.
 * - `busy`: no connection became free in time; the statement was not sent.
 * - `full`: the database accepts no more connections; the statement was not sent.
 * - `refused`: the database refuses the statement (disk full, read-only, cancelled); nothing changed.
 * - `bug`: everything else.
 */
export type Failure =
  | "conflict"
  | "rolled_back"
  | "outdated"
  | "unprepared"
  | "lost"
  | "busy"
  | "full"
  | "refused"
  | "bug";

/** By SQLSTATE, or its class (the first two characters). */
const meanings = new Map<string, Failure>([
  ["23505", "conflict"],
  ["40001", "rolled_back"],
  ["40P01", "rolled_back"],
  ["55P03", "rolled_back"],
  ["23514", "outdated"],
  ["26000", "unprepared"],
  ["42P05", "unprepared"],
  ["08", "lost"],
  ["40003", "lost"],
  ["57P01", "lost"],
  ["57P02", "lost"],
  ["57P03", "lost"],
  ["57P05", "lost"],
  ["25006", "lost"],
  ["53300", "full"],
  ["25", "refused"],
  ["28", "refused"],
  ["3D", "refused"],
  ["42501", "refused"],
  ["53", "refused"],
  ["55", "refused"],
  ["57", "refused"],
  ["58", "refused"],
]);

/** See {@link Failure}. */
export function failureOf(error: unknown): Failure {
  if (error instanceof OtherLedger) return "refused";
  const state = sqlState(error);
  if (state !== undefined) return meanings.get(state) ?? meanings.get(state.slice(0, 2)) ?? "bug";
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return "bug";
  // pg's message when no connection of the pool is free; there is no code.
  if (error.message === "timeout exceeded when trying to connect") return "busy";
  return "lost";
}

/** A new connection leads to another ledger than the first one, or to none. */
export class OtherLedger extends Error {
  readonly code = "a new connection leads to another ledger: check the search_path of its user";
}

/** The SQLSTATE; undefined if the error is not PostgreSQL's. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("severity" in error)) return undefined;
  const { code } = error as Error & { code?: unknown };
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** The SQLSTATE or the system's error code, for the operator. Not the message: it can contain secrets. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "connection lost";
}
