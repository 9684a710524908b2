// Whatever ends the bench, Ctrl-C included, ends its programs and removes its files.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** @type {Set<() => void>} */
const endings = new Set();

/** Calls it, synchronously, when this process ends. @param {() => void} end */
export const atEnd = (end) => void endings.add(end);

process.once("exit", () => {
  for (const end of [...endings].toReversed()) end();
});
for (const [signal, code] of /** @type {const} */ ([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
]))
  process.once(signal, () => process.exit(code));

/** @type {string | undefined} */
let root;
/** An empty temporary folder, which is removed at the end. */
export function newFolder() {
  if (root === undefined) {
    const made = (root = mkdtempSync(join(tmpdir(), "ai-chat-bench-")));
    atEnd(() => rmSync(made, { recursive: true, force: true }));
  }
  return mkdtempSync(join(root, "x"));
}
