// Preloaded into a program that a gauge measures: to each line from the gauge it answers with what it takes after gc.
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { isMainThread } from "node:worker_threads";

const gauge = process.env.AI_CHAT_TEST_GAUGE;

/** The system's count of open files, without the one that reads it; undefined where it does not tell. */
function countFiles() {
  try {
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return undefined;
  }
}

/** @returns {import("./gauge.js").Measured} */
function measure() {
  const { rss, heapUsed, external } = process.memoryUsage();
  /** @type {Record<string, number>} */
  const handles = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  return { rss, heap: heapUsed, external, handles, files: countFiles() };
}

if (isMainThread && gauge !== undefined) {
  const socket = connect(gauge);
  // Without this the program would not end by itself.
  socket.unref();
  socket.on("error", () => {});
  socket.on("data", () => {
    globalThis.gc?.();
    // What is finalized after one gc is freed by the next.
    setImmediate(() => {
      globalThis.gc?.();
      socket.write(`${JSON.stringify(measure())}\n`);
    });
  });
}
