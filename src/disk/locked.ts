import { setTimeout as sleep } from "node:timers/promises";
import { errorCode } from "./errors.ts";

/** Milliseconds without a touch after which a lock's owner counts as killed. */
const STALE = 5000;
/** Longest wait between two tries, in milliseconds. */
const PAUSE = 50;

/**
 * Runs `run` under the file's lock. Rejects with the code `ELOCKED` if others hold it for `patience` milliseconds, and at
 * once for any other error. The folder must exist, the file need not.
 */
export async function locked<T>(path: string, patience: number, run: () => T | Promise<T>): Promise<T> {
  const release = await acquire(path, patience);
  try {
    return await run();
  } finally {
    await release().catch(() => undefined);
  }
}

/** Polls with short waits until a deadline: the lock has no queue, and others may take it hundreds of times meanwhile. */
async function acquire(path: string, patience: number): Promise<() => Promise<void>> {
  const { lock } = await import("./file-lock.ts");
  const end = performance.now() + patience;
  // By default a lost lock throws outside of any promise. The work is far shorter than `stale`; if a suspended machine
  // makes it longer, the file is still replaced in one step.
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
