import { chmodSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DAY } from "./class.js";

/** Where Debian's packages libfaketime and faketime have the library. */
function installed() {
  const folders = existsSync("/usr/lib") ? readdirSync("/usr/lib") : [];
  return ["faketime", ...folders.map((folder) => join(folder, "faketime"))]
    .map((folder) => join("/usr/lib", folder, "libfaketimeMT.so.1"))
    .find((path) => existsSync(path));
}

/**
 * The clock of every program that is started from now on: the real one, moved on by faketime. Without faketime it is the
 * real one, and days do not pass.
 * @param {string} folder for the file that has the offset
 * @param {string | undefined} named the library `libfaketimeMT.so.1`
 */
export function openClock(folder, named = installed()) {
  const file = join(folder, "offset");
  // PostgreSQL may run as another user.
  chmodSync(folder, 0o755);
  // From a morning on, so that a day of class does not pass midnight.
  const start = Math.ceil(Date.now() / DAY) * DAY + DAY / 3 - Date.now();
  const set = (/** @type {number} */ offset) =>
    writeFileSync(file, `+${Math.round(offset / 1000)}\n`, { mode: 0o644 });
  let offset = named === undefined ? 0 : start;
  if (named !== undefined) {
    set(offset);
    Object.assign(process.env, {
      LD_PRELOAD: named,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    });
  }
  return {
    moves: named !== undefined,
    /** Milliseconds since the epoch. */
    now: () => Date.now() + offset,
    /** Goes on to the next day. */
    nextDay() {
      if (named === undefined) return;
      offset += DAY;
      set(offset);
    },
  };
}
