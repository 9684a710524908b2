/**
 * What a failed statement means:
 * - `conflict`: a unique index has the row already; nothing happened.
 * - `rolled_back`: it met another one (serialization, deadlock, the host's `lock_timeout`); nothing happened, and it can be repeated at once.
 * - `unprepared`: a pooler gave it a connection that doesn't know its prepared statement; nothing happened.
 * - `lost`: the connection broke, or the answer didn't come: whether it happened is not known.
 * - `busy`: no connection became free in time; it was never sent.
 * - `full`: the database grants no more connections; it was never sent.
 * - `refused`: the database takes no such statement now (disk full, read only, cancelled); nothing happened.
 * - `bug`: anything else.
 */
export type Failure =
  | "conflict"
  | "rolled_back"
  | "unprepared"
  | "lost"
  | "busy"
  | "full"
  | "refused"
  | "bug";

/** SQLSTATEs, or classes of them (two characters), by what they mean. */
const meanings = new Map<string, Failure>([
  ["23505", "conflict"],
  ["40001", "rolled_back"],
  ["40P01", "rolled_back"],
  ["55P03", "rolled_back"],
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
  // pg's own words for a pool without a free connection; it gives no code.
  if (error.message === "timeout exceeded when trying to connect") return "busy";
  return "lost";
}

/** A new connection leads to another ledger than the one that was opened, or to none. */
export class OtherLedger extends Error {
  readonly code = "a new connection leads to another ledger: look at the search_path of its user";
}

/** The five characters by which PostgreSQL names an error, or undefined where it wasn't one of its own. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("severity" in error)) return undefined;
  const { code } = error as Error & { code?: unknown };
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** A word for the operator: the SQLSTATE, or the system's code. Never a message, which may name what it shouldn't. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "connection lost";
}
