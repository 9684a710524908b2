import { constants, promises } from "node:fs";
import { dirname } from "node:path";
import { errorCode, isMissing } from "../disk/errors.ts";
import { isInside } from "../disk/is-inside.ts";
import { openRegular } from "../disk/regular-file.ts";
import { BadSettings } from "./core/startup-error.ts";
import { openSink, type LogSink } from "./log-sink.ts";

// Windows lacks the last flag; there it is `undefined`, which adds nothing.
const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;
const { W_OK, X_OK } = constants;

/** For its owner alone: it has names and addresses. */
const MODE = 0o600;

/** A log in a file. */
export interface LogFile extends LogSink {
  /**
   * Goes on in the file that has this path now, which is made if there is none. Lines of before are in the other one. Rejects
   * with `BadSettings` if that file cannot be opened, and goes on with the first.
   */
  reopen(path: string): Promise<void>;
  /** Writes what waits, if it can, and closes the file. Nothing may be written any more. */
  close(): Promise<void>;
}

const troubles = new Map([
  ["ENOENT", ["cannot be made: its folder does not exist", "Make the folder first."]],
  ["ELOOP", ["is a symbolic link", "Name the file that it leads to."]],
  ["EISDIR", ["is a folder", "Name a file in it."]],
  ["NOT_REGULAR", ["is no regular file", "Without --log-file the log goes to stderr."]],
]);

function refused(path: string, error: unknown): BadSettings {
  const code = errorCode(error) ?? "unknown error";
  const [why = "", hint = ""] = troubles.get(code) ?? [
    `cannot be written (${code})`,
    "Check its path, its owner and mode, and those of its folder.",
  ];
  return new BadSettings(`The log file ${path} ${why}.`, hint, error);
}

/** A log that is appended to the ledger would destroy it. */
async function assertOutside(path: string, dir: string | undefined): Promise<void> {
  if (dir === undefined || !(await isInside(path, dir))) return;
  throw new BadSettings(
    `The log file ${path} is in the data folder.`,
    "Keep it elsewhere, such as /var/log.",
  );
}

async function openForAppending(path: string, dir: string | undefined) {
  try {
    await assertOutside(path, dir);
    return await openRegular(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, MODE);
  } catch (error) {
    throw error instanceof BadSettings ? error : refused(path, error);
  }
}

/** Rejects with `BadSettings` if {@link openLogFile} would. Makes nothing. */
export async function checkLogFile(path: string, dir: string | undefined): Promise<void> {
  try {
    await assertOutside(path, dir);
    const found = await promises.lstat(path).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    if (!found) return await promises.access(dirname(path), W_OK | X_OK);
    const code = found.isSymbolicLink() ? "ELOOP" : found.isDirectory() ? "EISDIR" : "NOT_REGULAR";
    if (!found.isFile()) throw Object.assign(new Error(), { code });
    await promises.access(path, W_OK);
  } catch (error) {
    throw error instanceof BadSettings ? error : refused(path, error);
  }
}

/**
 * Opens a file to append a log to it; made with mode 0600 if there is none. `dir`: the data folder, in which it may not be.
 * `warn` gets sentences for the operator when it cannot be written. Rejects with `BadSettings`.
 */
export async function openLogFile(
  path: string,
  { dir, warn }: { dir: string | undefined; warn: (sentence: string) => void },
): Promise<LogFile> {
  let file = await openForAppending(path, dir);
  let failed = false;
  let last: Promise<unknown> = Promise.resolve();
  const sink = openSink(file.fd, (error) => {
    if (failed) return;
    failed = true;
    warn(`The log file ${path} cannot be written (${errorCode(error) ?? "unknown error"}).`);
    sink.once("drain", () => (failed = false));
  });

  async function turnTo(next: string): Promise<void> {
    const opened = await openForAppending(next, dir);
    await sink.turnTo(opened.fd);
    await file.close();
    [file, path] = [opened, next];
  }

  async function turnAfter(earlier: Promise<unknown>, next: string): Promise<void> {
    await earlier;
    return turnTo(next);
  }

  return Object.assign(sink, {
    reopen(next: string) {
      const turned = turnAfter(last, next);
      last = turned.catch(() => {});
      return turned;
    },
    async close() {
      await last;
      await sink.turnTo(file.fd);
      await file.close();
    },
  });
}
