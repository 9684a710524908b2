import { dirname, resolve } from "node:path";
import { BadSettings, NoStore, StartupError } from "../../core/startup-error.ts";
import { errorCode } from "../../../disk/errors.ts";
import type { Manifest } from "./backup-file.ts";
import { LEDGER } from "./damage.ts";
import type { Files } from "./files.ts";
import { hasLedger } from "./has-ledger.ts";
import { unreadable } from "./holder.ts";
import { makeNewFile, unfinishedIn } from "./new-file.ts";
import { openFolder } from "./read-in-folder.ts";
import { openSnapshot } from "./snapshot.ts";
import { backupBytes } from "./write-backup.ts";
import { isInside } from "../../../disk/is-inside.ts";
import { deniedByOwner } from "./other-owner.ts";

interface Options {
  /** The data folder. A server may run on it. */
  dir: string;
  /** The file to make; or who gets the bytes, one piece after the other. */
  to: string | ((bytes: Buffer) => Promise<void>);
  /** The file of the ledger's key. */
  ledgerKey?: string | undefined;
  /** Whether the signing secret is in the backup. */
  secrets: boolean;
  now?: () => number;
  /** Gets sentences for the operator. */
  warn: (sentence: string) => void;
  signal?: AbortSignal | undefined;
  files?: Files;
}

/** What a backup holds. */
export interface BackedUp extends Pick<Manifest, "at" | "ledger"> {
  dir: string;
  /** The file; undefined if there is none. */
  file: string | undefined;
  /** Of the backup. */
  bytes: number;
  /** Of each file in it. */
  files: Manifest["files"];
}

/**
 * Backs a data folder up (docs/backup.md#backup-and-restore). Everything that a running server acknowledged before is in
 * it. Nothing of the folder changes, and a file that exists is never replaced. Throws `StartupError`, or the signal's
 * reason; then no file is left.
 */
export async function backUpFolder(options: Options): Promise<BackedUp> {
  const { to, ledgerKey, secrets, now = Date.now, signal } = options;
  const folder = await openFolder(options.dir, { ledgerKey, ...(options.files && { files: options.files }) });
  const { dir, files } = folder;
  const file = typeof to === "string" ? resolve(to) : undefined;
  if (file !== undefined) await checkTarget(file, dir, { ...options, files });
  if (!(await hasLedger(files, dir).catch(unreadable(dir))))
    throw new NoStore(`There is no store in ${dir}.`, `Name the folder that holds ${LEDGER}.`);
  const at = new Date(now()).toISOString();
  const snapshot = await openSnapshot(folder, { secrets, signal });
  try {
    const { ledger, members } = snapshot;
    const bytes = until(signal, backupBytes({ at, ledger, members }));
    const length =
      typeof to === "string"
        ? await makeNewFile(files, resolve(to), bytes).catch(notWritten(resolve(to), signal))
        : await give(bytes, to);
    return {
      dir,
      file,
      at,
      ledger,
      bytes: length,
      files: members.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })),
    };
  } finally {
    await snapshot.close();
  }
}

/** The pieces; rejects with the signal's reason when it is aborted. */
async function* until(
  signal: AbortSignal | undefined,
  pieces: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  for await (const bytes of pieces) {
    signal?.throwIfAborted();
    yield bytes;
  }
}

async function give(pieces: AsyncIterable<Buffer>, to: (bytes: Buffer) => Promise<void>): Promise<number> {
  let length = 0;
  for await (const bytes of pieces) {
    await to(bytes);
    length += bytes.length;
  }
  return length;
}

/** Before anything is read: a mistake is told at once. */
async function checkTarget(
  file: string,
  dir: string,
  { files, warn }: { files: Files; warn: Options["warn"] },
): Promise<void> {
  const there = await (async () => files.stat(file))().catch(() => undefined);
  if (there) throw exists(file);
  const folder = dirname(file);
  const left = await unfinishedIn(files, folder).catch(async (error: unknown) => {
    throw (await deniedByOwner(folder, error)) ?? noFolder(folder, error);
  });
  if (await isInside(folder, dir))
    throw new BadSettings(
      `${file} is in the data folder.`,
      "Name a file elsewhere, best on another disk: a backup must survive the loss of the folder.",
    );
  for (const path of left)
    warn(
      `An interrupted backup left ${path}, which holds password hashes. Remove it, unless that backup is still running.`,
    );
}

const exists = (file: string, cause?: unknown) =>
  new StartupError(`${file} exists.`, "Name a file that does not. A backup never replaces a file.", cause);

const noFolder = (folder: string, error: unknown) =>
  new BadSettings(
    `The folder ${folder} cannot be read (${errorCode(error) ?? "unknown error"}).`,
    "Name a file in a folder that this user can write.",
    error,
  );

const notWritten =
  (file: string, signal: AbortSignal | undefined) =>
  (error: unknown): never => {
    if (error instanceof StartupError || (signal?.aborted && error === signal.reason)) throw error;
    const code = errorCode(error) ?? "unknown error";
    if (code === "EEXIST") throw exists(file, error);
    throw new StartupError(
      `The backup ${file} cannot be written (${code}).`,
      "Nothing was left there. Check the owner and mode of its folder, and the free space of its disk.",
      error,
    );
  };
