import { constants } from "node:fs";
import { resolve } from "node:path";
import { secretsIn } from "../../core/signing-secrets.ts";
import { BadSettings, StartupError } from "../../core/startup-error.ts";
import { errorCode } from "../../../disk/errors.ts";
import { openRegular } from "../../../disk/regular-file.ts";
import { makeStoreFolder, mustBeEmpty } from "../new-folder.ts";
import { noBackup, type Manifest } from "./backup-file.ts";
import { linesOf, type Books } from "./books.ts";
import { checkpointOf } from "./checkpoint.ts";
import { writeCheckpoint } from "./checkpoint-file.ts";
import { Damage } from "./damage.ts";
import { disk } from "./disk.ts";
import { syncFolder, type Files } from "./files.ts";
import { keyTaken, openLedgerKey, type LedgerKey } from "./key.ts";
import { load } from "./load.ts";
import { unpack } from "./read-backup.ts";
import { headText } from "./seal.ts";
import { readSecret, SECRET } from "./secret.ts";

interface Options {
  /** The backup. */
  file: string;
  /** The data folder to make: one that does not exist, or an empty one. */
  dir: string;
  /** The file of the ledger's key. */
  ledgerKey?: string | undefined;
  now?: () => number;
  /** Gets sentences for the operator. */
  warn: (sentence: string) => void;
  signal?: AbortSignal | undefined;
  files?: Files;
}

/** A store as it was. */
export interface Restored extends Pick<Manifest, "at" | "ledger"> {
  file: string;
  dir: string;
  accounts: number;
  /** Sum of all balances. */
  tokens: number;
  /** Whether the signing secret was in the backup. */
  secret: boolean;
}

/**
 * Makes a data folder of a backup (docs/backup.md#backup-and-restore). Everything is checked as at a start before the
 * folder gets its name. Throws `StartupError`, or the signal's reason; then nothing is left.
 */
export async function restoreFolder(options: Options): Promise<Restored> {
  const { ledgerKey, now = Date.now, warn, signal, files = disk } = options;
  const [path, dir] = [resolve(options.file), resolve(options.dir)];
  const key = ledgerKey === undefined ? undefined : await openLedgerKey(ledgerKey, dir);
  try {
    const file = await openRegular(path, constants.O_RDONLY).catch((error: unknown) => {
      const code = errorCode(error) ?? "";
      throw code === "ENOENT" ? noFile(path, error) : NO_FILES.has(code) ? notRegular(path, error) : error;
    });
    try {
      await mustBeEmpty(dir, "restore", warn);
      return await makeStoreFolder(dir, "restore", async (staging) => {
        const { at, ledger, files: members } = await unpack(files, staging, { file, path, signal });
        const books = await check(files, staging, { path, now: now(), key, signal });
        if (
          books.ledger !== ledger.id ||
          linesOf(books) !== ledger.lines ||
          headText(books.head) !== ledger.head
        )
          throw noBackup(path);
        await syncFolder(files, staging);
        const balances = [...books.accounts.values()].map(({ tokens }) => tokens);
        return {
          file: path,
          dir,
          at,
          ledger,
          accounts: balances.length,
          tokens: balances.reduce((sum, tokens) => sum + tokens, 0),
          secret: members.some(({ name }) => name === SECRET),
        };
      });
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof StartupError || (signal?.aborted && error === signal.reason)) throw error;
    throw failed(path, dir, error);
  }
}

/** Reads the folder as a start does, and makes its checkpoint. */
async function check(
  files: Files,
  staging: string,
  {
    path,
    now,
    key,
    signal,
  }: { path: string; now: number; key: LedgerKey | undefined; signal: AbortSignal | undefined },
): Promise<Books> {
  try {
    const { books, end, hash, tail } = await load(files, staging, now, key);
    signal?.throwIfAborted();
    if (tail.kind !== "none") throw noBackup(path);
    if (key && !books.features.has("key")) throw keyTaken();
    const secret = await readSecret(files, staging);
    if (secret && !secretsIn(secret)) throw noBackup(path);
    const covered = { length: end.byte, lines: end.line - 1, sha256: hash.digest("hex") };
    await writeCheckpoint(files, staging, checkpointOf(books, covered, now), key);
    return books;
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    throw new StartupError(
      `The store in ${path} is damaged: ${error.message}`,
      "Nothing was restored. Use another backup.",
      error,
    );
  }
}

/** Codes of what is there, but is no file. */
const NO_FILES = new Set(["EISDIR", "NOT_REGULAR"]);

const notRegular = (path: string, cause: unknown) =>
  new BadSettings(`${path} is not a regular file.`, "Name a file that store backup made.", cause);

const noFile = (path: string, cause: unknown) =>
  new BadSettings(`There is no file ${path}.`, "Name a file that store backup made.", cause);

function failed(path: string, dir: string, error: unknown): StartupError {
  return new StartupError(
    `${path} cannot be restored to ${dir} (${errorCode(error) ?? "unknown error"}).`,
    "Nothing was restored. Check owner and mode of both places, and the free space of the disk.",
    error,
  );
}
