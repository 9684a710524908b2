import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Piscina } from "piscina";
import { PASSWORD_BYTES } from "../../protocol/limits.ts";
import { Bag } from "../core/bag.ts";
import { ApiError } from "../core/api-error.ts";
import type { Passwords, Turn } from "../core/credentials.ts";
import { createQueue } from "./queue.ts";

const IDLE_MS = 60_000;
const QUEUE_PER_THREAD = 32;

interface DrainablePasswords extends Passwords {
  /** Jobs that wait for a thread. */
  readonly waiting: number;
  /** Resolves when the jobs of now have ended, after `patience` ms at the latest. */
  drain(patience: number): Promise<void>;
}

/**
 * Hashes passwords with bcrypt in worker threads, which start with the first job and end when idle for a minute.
 *
 * - `cost`: bcrypt's, 4 to 31; each step doubles the work.
 * - `threads`: most threads; default: one less than there are cores, 1 to 4.
 * - `maxQueue`: most jobs that wait in each lane of the queue; default: 32 a thread.
 *
 * `hash` rejects with a RangeError for a password that bcrypt cannot tell from another (docs/http-api.md#passwords);
 * the request's schema refuses it before. `matches` is false for such a password, after the same work. `close` ends
 * all jobs, which then reject with `shutting_down`, as later ones do. Waiting jobs are not handed to piscina, which
 * cancels a job by ending its thread.
 */
export function openPasswords({
  cost,
  threads = defaultThreads(),
  maxQueue = threads * QUEUE_PER_THREAD,
}: {
  cost: number;
  threads?: number;
  maxQueue?: number;
}): DrainablePasswords {
  const failures = new WeakMap<Piscina, unknown>();
  let ended: Promise<unknown> = Promise.resolve();
  let closing: Promise<unknown> | undefined;
  let pool = openPool();
  const jobs = new Bag<Promise<unknown>>();
  const queue = createQueue({ threads, maxQueue });

  function openPool(): Piscina {
    const opened = new Piscina({
      filename: join(import.meta.dirname, "bcrypt-worker.js"),
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: IDLE_MS,
      execArgv: [],
    });
    return opened.on("error", (error) => replace(opened, error));
  }

  /**
   * If a thread cannot start, piscina lets its jobs wait, and its error ends the process unless it is listened to. Here
   * the jobs fail with that error, and later ones get a new pool.
   */
  function replace(broken: Piscina, error: unknown): void {
    if (closing || pool !== broken) return;
    failures.set(broken, error);
    pool = openPool();
    ended = Promise.all([ended, broken.destroy()]);
  }

  const run = async (
    name: "hash" | "matches",
    job: { password: string; hash?: string | undefined },
    turn: Turn,
  ) => {
    await queue.enter(turn);
    const used = pool;
    try {
      if (closing) throw shuttingDown();
      return (await used.run({ ...job, cost }, { name })) as unknown;
    } catch (error) {
      if (closing) throw shuttingDown();
      throw failures.get(used) ?? error;
    } finally {
      queue.leave();
    }
  };

  const follow = async (job: Promise<unknown>) => {
    const entry = jobs.add(job);
    try {
      return await job;
    } finally {
      jobs.remove(entry);
    }
  };

  return {
    get waiting() {
      return queue.waiting;
    },
    async drain(patience) {
      const settled = Promise.allSettled(jobs.items());
      const over = new AbortController();
      await Promise.race([settled, sleep(patience, undefined, { signal: over.signal })]).finally(() =>
        over.abort(),
      );
    },
    hash: async (password, turn = {}) => {
      if (!isDistinct(password)) throw new RangeError("bcrypt cannot tell this password from others.");
      return (await follow(run("hash", { password }, turn))) as string;
    },
    matches: async (password, hash, turn = {}) => {
      const distinct = isDistinct(password);
      const job = { password: distinct ? password : "", hash };
      return (await follow(run("matches", job, turn))) === true && distinct;
    },
    close: async () => {
      await (closing ??= Promise.all([ended, pool.destroy()]));
    },
  };
}

const defaultThreads = () => Math.min(4, Math.max(1, availableParallelism() - 1));

/** bcrypt reads 72 bytes and repeats its key at U+0000; in UTF-8 all lone surrogates become the same character. */
const isDistinct = (password: string) =>
  Buffer.byteLength(password) <= PASSWORD_BYTES && !password.includes("\0") && password.isWellFormed();

const shuttingDown = () => new ApiError("shutting_down", "The server is stopping. Try again in a moment.");
