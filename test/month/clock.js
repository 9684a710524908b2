import { chmodSync, existsSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DAY } from "./class.js";

/** Where Debian's package libfaketime has the library. */
function installed() {
  const folders = existsSync("/usr/lib") ? readdirSync("/usr/lib") : [];
  return ["faketime", ...folders.map((folder) => join(folder, "faketime"))]
    .map((folder) => join("/usr/lib", folder, "libfaketimeMT.so.1"))
    .find((path) => existsSync(path));
}

/** The next fifth of a month: its month ends within 30 days, after the class has had some weeks. */
function firstDay() {
  const now = new Date();
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + (now.getUTCDate() < 5 ? 0 : 1), 5);
}

/**
 * The clock of every program that is started from now on: the real one, moved on by faketime. Without faketime it is the
 * real one, and days do not pass.
 * @param {string} folder for the file that has the offset
 * @param {string | null | undefined} named the library `libfaketimeMT.so.1`; null for none
 */
export function openClock(folder, named = installed()) {
  const moves = typeof named === "string";
  const file = join(folder, "offset");
  const first = firstDay();
  let offset = 0;

  /** @param {number} day of the month that is played @param {number} [time] milliseconds since its midnight; 8:00 */
  function to(day, time = DAY / 3) {
    if (!moves) return;
    offset = first + day * DAY + time - Date.now();
    // Renamed, because programs read it at any moment.
    writeFileSync(`${file}.new`, `+${Math.round(offset / 1000)}\n`, { mode: 0o644 });
    renameSync(`${file}.new`, file);
  }

  if (moves) {
    // PostgreSQL may run as another user.
    chmodSync(folder, 0o755);
    to(0);
    Object.assign(process.env, {
      LD_PRELOAD: named,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    });
  }
  return { moves, to, /** Milliseconds since the epoch. */ now: () => Date.now() + offset };
}
