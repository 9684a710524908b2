import { ApiError } from "../../core/api-error.ts";
import { storeUnavailable } from "../../core/store-unavailable.ts";
import { LEDGER } from "./damage.ts";
import { errorCode, writeFully, type Files, type FileStat, type OpenFile } from "./files.ts";

/** How long after a failed repair the next one is tried, in ms. */
const REPAIR_MS = 1000;

/**
 * The ledger's file while serving: appended to by one caller at a time. After a failure it takes nothing until it
 * has been cut back to its last synced length, and until as much as failed can be written again: so that on a full
 * disk a question is refused before the AI is asked, and readiness says so. After a sign of a second writer it takes
 * nothing, ever.
 */
export interface Journal {
  /** Whether it takes a write now. */
  takes(): boolean;
  /** Rejects with `store_unavailable` where it cannot take a write: also when the file is not as it was left. */
  check(): Promise<void>;
  /** Durable when it resolves. Rejects with `store_unavailable`; then none of it counts. */
  append(bytes: Uint8Array): Promise<void>;
  /** Bytes, all synced. */
  length(): number;
  /** The failure that callers get while it takes nothing. */
  refusal(cause?: unknown): ApiError;
  /** Tries once more to cut back what failed; whether the file is as it should be. */
  close(): Promise<boolean>;
}

/** Takes over an open ledger that is `length` bytes long and synced. `warn` gets sentences for the operator. */
export async function openJournal(opened: {
  files: Files;
  path: string;
  file: OpenFile;
  length: number;
  warn: (sentence: string) => void;
}): Promise<Journal> {
  const { files, path, warn } = opened;
  const ours = await opened.file.stat();
  let file: OpenFile | undefined = opened.file;
  let length = opened.length;
  let standing: "takes" | "failed" | "stopped" | "closed" = "takes";
  /** Set from the first failure until a write has worked again: one outage, one warning. */
  let outage = false;
  let repairing: Promise<void> | undefined;
  /** Bytes that have to be writable before it takes anything again. */
  let needed = 0;
  let timer: NodeJS.Timeout | undefined;

  const same = (found: FileStat) => found.ino === ours.ino && found.dev === ours.dev;

  function refusal(cause?: unknown): ApiError {
    if (standing !== "stopped")
      return storeUnavailable(
        "The server cannot store anything at the moment. Nothing was charged; try again soon.",
        cause,
      );
    // It doesn't come back by itself: no client is told to try again.
    return new ApiError(
      "store_unavailable",
      "The server's storage was changed behind its back and takes nothing more. Its operator has to look.",
      { cause },
    );
  }

  function stop(why: string): void {
    standing = "stopped";
    warn(
      `${LEDGER} ${why}: another program writes to this folder. Nothing is taken any more; stop that program, then start the server again.`,
    );
  }

  async function check(): Promise<void> {
    if (standing !== "takes" || !file) throw refusal();
    let why: string | undefined;
    try {
      const [{ size }, named] = await Promise.all([file.stat(), files.stat(path)]);
      if (size !== length) why = `has ${size} bytes where it was left with ${length}`;
      else if (!same(named)) why = "is another file than the one that was opened";
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw fail(error);
      why = "is gone";
    }
    if (why === undefined) return;
    stop(why);
    throw refusal();
  }

  async function append(bytes: Uint8Array): Promise<void> {
    if (standing !== "takes" || !file) throw refusal();
    try {
      await writeFully(file, bytes, length);
      await file.datasync();
    } catch (error) {
      needed = bytes.length;
      throw fail(error);
    }
    needed = 0;
    length += bytes.length;
    if (outage) warn(`${LEDGER} is being written again.`);
    outage = false;
  }

  function fail(error: unknown): ApiError {
    standing = "failed";
    if (!outage)
      warn(
        `${LEDGER} could not be written (${errorCode(error) ?? "unknown error"}). Charges are refused until it can.`,
      );
    outage = true;
    startRepair();
    return refusal(error);
  }

  function startRepair(): void {
    timer = undefined;
    repairing = repair(needed).then(() => {
      repairing = undefined;
      if (standing === "failed") timer = setTimeout(startRepair, REPAIR_MS).unref();
    });
  }

  /** Through a new handle: after a failed fsync the old one may report success for pages that were dropped. */
  async function repair(room: number): Promise<void> {
    const failed = file;
    file = undefined;
    await failed?.close().catch(() => {});
    let fresh: OpenFile | undefined;
    try {
      fresh = await files.open(path, "r+");
      const found = await fresh.stat();
      if (!same(found) || found.size < length) stop("is not the file that it was");
      else {
        await fresh.truncate(length);
        await fresh.datasync();
        if (room > 0) await tryRoom(fresh, room);
        file = fresh;
        standing = "takes";
      }
    } catch (error) {
      if (errorCode(error) === "ENOENT") stop("is gone");
    }
    if (file === undefined) await fresh?.close().catch(() => {});
  }

  /** Blanks without a newline: what is left of them after a kill is a torn tail. */
  async function tryRoom(fresh: OpenFile, room: number): Promise<void> {
    try {
      await writeFully(fresh, Buffer.alloc(room, " "), length);
      await fresh.datasync();
    } finally {
      await fresh.truncate(length);
    }
    await fresh.datasync();
  }

  return {
    takes: () => standing === "takes",
    check,
    append,
    length: () => length,
    refusal,
    async close() {
      clearTimeout(timer);
      await repairing;
      clearTimeout(timer);
      if (standing === "failed") await repair(0);
      const whole = standing === "takes";
      standing = "closed";
      await file?.close().catch(() => {});
      file = undefined;
      return whole;
    },
  };
}
