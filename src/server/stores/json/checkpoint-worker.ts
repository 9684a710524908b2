import { parentPort, workerData } from "node:worker_threads";
import { disk } from "./disk.ts";
import { makeCheckpoint, type Wanted } from "./make-checkpoint.ts";

// Runs in a worker thread: with many accounts a checkpoint takes long enough that replies would wait for it. A rejection
// reaches the server as the worker's error.
void makeCheckpoint(disk, workerData as Wanted).then(() => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort?.postMessage("made");
});
