// Whatever ends the bench, Ctrl-C included, ends its programs and removes its files.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** @type {(() => void)[]} */
const endings = [];

/** Calls it, synchronously, when the measurement or this process ends. @param {() => void} end */
export const atEnd = (end) => void endings.push(end);

/** Begins a measurement; call the result to end what it started, the last first. */
export function beginEndings() {
  const kept = endings.length;
  return () => {
    while (endings.length > kept) endings.pop()?.();
  };
}

process.once("exit", beginEndings());
for (const [signal, code] of /** @type {const} */ ([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
]))
  process.once(signal, () => process.exit(code));

/** An empty temporary folder, which is removed at the end. */
export function newFolder() {
  const path = mkdtempSync(join(tmpdir(), "ai-chat-bench-"));
  // A program that was killed a moment ago may still write.
  atEnd(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}
