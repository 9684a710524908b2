// Preloaded into a server whose memory is measured: to any message it answers with its RSS after gc, in bytes.
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  process.on("message", () => {
    globalThis.gc?.();
    process.send?.(process.memoryUsage.rss());
  });
  // Without this the server would not end by itself.
  process.channel?.unref();
}
