import type { Query } from "./postgres/database.ts";

/**
 * Settles as `work` does, or rejects with the signal's reason as soon as it aborts. It does not wait for `work` then: a
 * statement or a disk can take hours.
 */
export function unlessAborted<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work();
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    const stop = () => signal.removeEventListener("abort", abort);
    work().then(resolve, reject).finally(stop);
  });
}

/** Runs statements with {@link unlessAborted}. */
export const untilAborted =
  (query: Query, signal: AbortSignal | undefined): Query =>
  (sql, values) =>
    unlessAborted(() => query(sql, values), signal);
