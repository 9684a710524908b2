/** Longest cause in the log. */
const LONGEST = 300;

/** Classes of SQLSTATE whose messages quote values: of data, and of constraints. */
const QUOTES_VALUES = /^2[23][0-9A-Z]{3}$/;

/** The failure at the root; of several attempts to connect, the first one. */
function rootOf(error: Error): Error {
  const below = error instanceof AggregateError ? (error.errors as unknown[])[0] : error.cause;
  return below instanceof Error ? rootOf(below) : error;
}

/**
 * Code and message of the error of a disk or database behind a failure of the store, for the log. Undefined without one.
 * Never other fields of the error: those of PostgreSQL have values.
 */
export function storeCause(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const root: Error & { code?: unknown } = rootOf(cause);
  const code = typeof root.code === "string" ? root.code : "";
  const message = QUOTES_VALUES.test(code) ? "" : root.message.replace(/\s+/g, " ");
  const words = message.includes(code) ? message : [code, message].filter(Boolean).join(": ");
  return words.slice(0, LONGEST) || root.name;
}
