import { setTimeout as sleep } from "node:timers/promises";
import { errorCode } from "./errors.ts";

/** A lock whose owner hasn't touched it for so long is that of a killed process; milliseconds. */
const STALE = 5000;
/** Longest wait between two looks at a lock; milliseconds. */
const PAUSE = 50;

/**
 * Runs under the file's lock, which other processes honour. Rejects with the code `ELOCKED` where others hold it for
 * `patience` milliseconds; what else is in the way of it is told at once. The file itself needn't be there, its folder
 * must.
 */
export async function locked<T>(path: string, patience: number, run: () => T | Promise<T>): Promise<T> {
  const release = await acquire(path, patience);
  try {
    return await run();
  } finally {
    await release().catch(() => undefined);
  }
}

/** By time and in short steps, since nobody queues: on a slow disk others may write hundreds of times in between. */
async function acquire(path: string, patience: number): Promise<() => Promise<void>> {
  const { lock } = await import("./file-lock.ts");
  const end = performance.now() + patience;
  // The work under the lock is far shorter than `stale`; should a suspended machine make it longer, the file itself
  // is still replaced in one step, so a lost lock is not worth crashing for (the default).
  const options = { realpath: false, stale: STALE, onCompromised: () => {} };
  for (;;) {
    try {
      return await lock(path, options);
    } catch (error) {
      if (errorCode(error) !== "ELOCKED" || performance.now() > end) throw error;
    }
    await sleep(PAUSE * Math.random());
  }
}
