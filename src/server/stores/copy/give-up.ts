import type { Query } from "../postgres/database.ts";

/**
 * What `work` comes to, or the signal's reason as soon as it aborts. What `work` does after that is not waited for: a
 * statement or a disk may take hours.
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

/** The same statements, each given up when the signal aborts. */
export const untilAborted =
  (query: Query, signal: AbortSignal | undefined): Query =>
  (sql, values) =>
    unlessAborted(() => query(sql, values), signal);
