import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";

/** Where Linux keeps the bytes of this process's command line. Node itself makes U+FFFD of what is not UTF-8. */
const CMDLINE = "/proc/self/cmdline";

/** Whether the command line is known to be something else than UTF-8. A real U+FFFD in it is UTF-8. */
export function isArgvBroken(words: readonly string[], file = CMDLINE): boolean {
  if (!words.some((word) => word.includes("\ufffd"))) return false;
  try {
    return !isUtf8(readFileSync(file));
  } catch {
    return false;
  }
}
