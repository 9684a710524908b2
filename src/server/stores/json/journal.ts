import type { Hash } from "node:crypto";
import { ApiError } from "../../core/api-error.ts";
import type { StoreMeter } from "../../core/store-meter.ts";
import { cannotStore } from "../../core/store-unavailable.ts";
import { LEDGER } from "./damage.ts";
import { errorCode } from "../../../disk/errors.ts";
import { writeFully, type Files, type FileStat, type OpenFile } from "./files.ts";

/** How long after a failed repair the next one is tried, in milliseconds. */
const REPAIR_MS = 1000;

/**
 * The ledger's file while serving. After a failure it takes nothing until it is cut back to its last synced length, and
 * until as many bytes as failed can be written again: on a full disk a question is then refused before the AI is asked,
 * and readiness says so. After a sign of a second writer it takes nothing until the server is started again.
 */
export interface Journal {
  /** Whether it takes a write now. */
  takes(): boolean;
  /** Rejects with `store_unavailable` if it cannot take a write, or if the file is not as it was left. */
  check(): Promise<void>;
  /** One call at a time. Durable when it resolves; rejects with `store_unavailable`, and then none of it counts. */
  append(bytes: Uint8Array): Promise<void>;
  /** What is synced: the file's length in bytes, and their SHA-256 in hex and as a copy that goes on. */
  synced(): { length: number; sha256: string; hash: Hash };
  /** Goes on with another file at its path, whose `length` bytes are synced and in `hash`. Not while a call is under way. */
  replaced(anew: { length: number; hash: Hash }): Promise<void>;
  /** Why it takes nothing; undefined while it does. */
  readonly trouble: unknown;
  /** The failure that callers get while it takes nothing; its cause is by default the trouble. */
  refusal(cause?: unknown): ApiError;
  /** Tries once more to cut back what failed; resolves to whether the file is as it should be. */
  close(): Promise<boolean>;
}

/** Opens a ledger file whose `length` bytes are synced and in `hash`. `warn` gets sentences for the operator. */
export async function openJournal(opened: {
  files: Files;
  path: string;
  length: number;
  hash: Hash;
  warn: (sentence: string) => void;
  meter?: StoreMeter | undefined;
}): Promise<Journal> {
  const { files, path, warn, meter } = opened;
  let { hash } = opened;
  let file: OpenFile | undefined = await files.open(path, "r+");
  let ours = await statOf(file);
  let length = opened.length;
  let state: "takes" | "failed" | "stopped" | "closed" = "takes";
  /** Set from the first failure until a write has worked again: one outage, one warning. */
  let outage = false;
  let trouble: unknown;
  let repairing: Promise<void> | undefined;
  /** Bytes that must be writable before it takes anything again. */
  let needed = 0;
  let timer: NodeJS.Timeout | undefined;

  const same = (found: FileStat) => found.ino === ours.ino && found.dev === ours.dev;

  function refusal(cause: unknown = trouble): ApiError {
    if (state !== "stopped") return cannotStore(cause);
    // Without Retry-After: only a restart of the server helps.
    return new ApiError(
      "store_unavailable",
      "Another program changed the server's storage, so the server stores nothing more. Tell its operator.",
      { cause },
    );
  }

  function stop(why: string): void {
    state = "stopped";
    trouble = new Error(`${LEDGER} ${why}`);
    warn(
      `${LEDGER} ${why}: another program writes to this folder. The server stores nothing more: stop that program, then start the server again.`,
    );
  }

  async function check(): Promise<void> {
    if (state !== "takes" || !file) throw refusal();
    let why: string | undefined;
    try {
      const [{ size }, named] = await Promise.all([file.stat(), files.stat(path)]);
      if (size !== length) why = `has ${size} bytes instead of ${length}`;
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
    if (state !== "takes" || !file) throw refusal();
    try {
      await writeFully(file, bytes, length);
      const begun = meter ? performance.now() : 0;
      await file.datasync();
      meter?.wrote(performance.now() - begun);
    } catch (error) {
      needed = bytes.length;
      throw fail(error);
    }
    needed = 0;
    length += bytes.length;
    hash.update(bytes);
    if (outage) warn(`${LEDGER} is being written again.`);
    outage = false;
  }

  function fail(error: unknown): ApiError {
    state = "failed";
    trouble = error;
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
      if (state === "failed") timer = setTimeout(startRepair, REPAIR_MS).unref();
    });
  }

  /** Opens the file again: after a failed fsync the old handle may report success for pages that were dropped. */
  async function repair(room: number): Promise<void> {
    const failed = file;
    file = undefined;
    await failed?.close().catch(() => {});
    let fresh: OpenFile | undefined;
    try {
      fresh = await files.open(path, "r+");
      const found = await fresh.stat();
      if (!same(found) || found.size < length) stop("is another file, or is shorter");
      else {
        await fresh.truncate(length);
        await fresh.datasync();
        if (room > 0) await tryRoom(fresh, room);
        file = fresh;
        state = "takes";
        trouble = undefined;
      }
    } catch (error) {
      if (errorCode(error) === "ENOENT") stop("is gone");
      else trouble = error;
    }
    if (file === undefined) await fresh?.close().catch(() => {});
  }

  /** Writes spaces without a newline: if the process is killed here, they are a torn tail. */
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
    takes: () => state === "takes",
    check,
    append,
    synced: () => ({ length, sha256: hash.copy().digest("hex"), hash: hash.copy() }),
    async replaced(anew) {
      await file?.close().catch(() => {});
      file = undefined;
      ({ length, hash } = anew);
      try {
        file = await files.open(path, "r+");
        ours = await statOf(file);
      } catch (error) {
        file = undefined;
        stop(`was written anew and cannot be opened (${errorCode(error) ?? "unknown error"})`);
        throw refusal(error);
      }
    },
    get trouble() {
      return trouble;
    },
    refusal,
    async close() {
      clearTimeout(timer);
      await repairing;
      clearTimeout(timer);
      if (state === "failed") await repair(0);
      const whole = state === "takes";
      state = "closed";
      await file?.close().catch(() => {});
      file = undefined;
      return whole;
    },
  };
}

/** Closes the file if it cannot be read. */
async function statOf(file: OpenFile): Promise<FileStat> {
  try {
    return await file.stat();
  } catch (error) {
    await file.close();
    throw error;
  }
}
