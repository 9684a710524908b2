import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { PASSWORD_BYTES } from "../../protocol/limits.ts";
import { ApiError } from "../core/api-error.ts";
import type { Passwords } from "../core/ports.ts";

const IDLE_MS = 60_000;
const QUEUE_PER_THREAD = 32;

/**
 * Passwords by bcrypt in worker threads, which start with the first job and end when idle for a minute.
 *
 * - `cost`: bcrypt's, 4 to 31; each step doubles the work.
 * - `threads`: at most so many at once; default the cores less one, 1 to 4.
 * - `maxQueue`: jobs that may wait beside those at work; default 32 a thread. One more is refused with `overloaded`.
 *
 * `hash` throws a RangeError for a password that bcrypt cannot tell from another (API.md §1): validation comes before.
 * `matches` is false for such a password, after the same work. After `close`, and for jobs that it ended, calls
 * reject with `shutting_down`.
 */
export function openPasswords({
  cost,
  threads = defaultThreads(),
  maxQueue = threads * QUEUE_PER_THREAD,
}: {
  cost: number;
  threads?: number;
  maxQueue?: number;
}): Passwords {
  const pool = new Piscina({
    filename: fileURLToPath(new URL("./bcrypt-worker.js", import.meta.url)),
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: IDLE_MS,
    execArgv: [],
  });
  let jobs = 0;
  let closing: Promise<void> | undefined;

  // Counted here: piscina reports a full queue by a bare Error that nothing tells from a worker's own.
  const run = async (name: "hash" | "matches", job: { password: string; hash?: string | undefined }) => {
    if (closing) throw shuttingDown();
    if (jobs >= threads + maxQueue) throw overloaded();
    jobs++;
    try {
      return (await pool.run({ ...job, cost }, { name })) as unknown;
    } catch (error) {
      if (closing) throw shuttingDown();
      throw error;
    } finally {
      jobs--;
    }
  };

  return {
    hash: async (password) => {
      if (!isDistinct(password)) throw new RangeError("bcrypt cannot tell this password from others.");
      return (await run("hash", { password })) as string;
    },
    matches: async (password, hash) => {
      const distinct = isDistinct(password);
      return (await run("matches", { password: distinct ? password : "", hash })) === true && distinct;
    },
    close: () => (closing ??= pool.destroy()),
  };
}

const defaultThreads = () => Math.min(4, Math.max(1, availableParallelism() - 1));

/** bcrypt reads 72 bytes, and repeats its key at U+0000; UTF-8 has one replacement for every lone surrogate. */
const isDistinct = (password: string) =>
  Buffer.byteLength(password) <= PASSWORD_BYTES && !password.includes("\0") && password.isWellFormed();

const overloaded = () =>
  new ApiError("overloaded", "Too many people are logging in or registering. Try again in a moment.", {
    retryAfter: 1,
  });

const shuttingDown = () => new ApiError("shutting_down", "The server is stopping. Try again in a moment.");
