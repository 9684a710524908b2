import { join } from "node:path";
import type { Wanted } from "./make-checkpoint.ts";

/**
 * Makes a checkpoint in a worker thread of its own. Rejects with what went wrong there, or when it was ended by the
 * signal; in both cases nothing more is written.
 */
export async function inWorker(
  wanted: Wanted,
  signal: AbortSignal,
  file = join(import.meta.dirname, "checkpoint-worker.js"),
): Promise<void> {
  // Not loaded by commands that only open a store and close it again.
  const { Worker } = await import("node:worker_threads");
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const worker = new Worker(file, { workerData: wanted, execArgv: [] });
    const end = () => void worker.terminate();
    signal.addEventListener("abort", end, { once: true });
    let made = false;
    let failure: unknown = new Error("its thread ended early");
    worker.once("message", () => (made = true));
    worker.once("error", (error) => (failure = error));
    // Its code is 0 for a thread that was ended before it began, too.
    worker.once("exit", () => {
      signal.removeEventListener("abort", end);
      if (made) resolve();
      else reject(failure);
    });
  });
}
