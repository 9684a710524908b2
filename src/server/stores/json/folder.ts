import { chmod, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { StartupError } from "../../core/startup-error.ts";
import { makeFolder } from "../make-folder.ts";
import { ADDRESS } from "./address.ts";
import { CHECKPOINT, LEDGER } from "./damage.ts";
import { errorCode, FILE_MODE, unfinished, type Files } from "./files.ts";
import { SECRET } from "./secret.ts";

const FOLDER_MODE = 0o700;

/**
 * Makes the data folder where there is none, for its owner alone. One that is open to others is closed to them if
 * it holds nothing but a store; else (`--data .`) it is left as it is, with a warning. Throws `StartupError`.
 */
export async function prepareFolder(dir: string, warn: (sentence: string) => void): Promise<void> {
  try {
    // The umask may have taken more than asked.
    if (await makeFolder(dir)) await chmod(dir, FOLDER_MODE);
    else await closeFolder(dir, warn);
  } catch (error) {
    throw new StartupError(
      `Cannot make or use the folder ${dir} (${errorCode(error) ?? "unknown error"}).`,
      "Name a folder that this user can write, with --data DIR.",
      error,
    );
  }
}

const OTHERS = 0o077;
const STICKY = 0o1000;
const NAMES = [LEDGER, CHECKPOINT, SECRET, ADDRESS];
const OURS = new Set([...NAMES, ...NAMES.map(unfinished)]);
const isOurs = (name: string) => OURS.has(name) || name.startsWith("lock.");

async function closeFolder(dir: string, warn: (sentence: string) => void): Promise<void> {
  if (process.platform === "win32") return;
  const { mode, uid } = await stat(dir);
  if ((mode & OTHERS) === 0) return;
  const ours = uid === process.getuid?.() && (mode & STICKY) === 0;
  const alone = ours && (await readdir(dir)).every(isOurs);
  if (alone) await chmod(dir, FOLDER_MODE);
  else
    warn(`Others can look into the data folder ${dir}: give the store a folder of its own, or chmod 700 it.`);
}

/** Under the lock: closes files of ours that others can read, and removes what was never finished. */
export async function tidyFolder(files: Files, dir: string): Promise<void> {
  for (const name of NAMES) await files.remove(join(dir, unfinished(name)));
  if (process.platform === "win32") return;
  for (const name of [LEDGER, CHECKPOINT, SECRET]) await closeFile(files, join(dir, name));
}

async function closeFile(files: Files, path: string): Promise<void> {
  try {
    const { mode } = await files.stat(path);
    if ((mode & OTHERS) !== 0) await files.chmod(path, FILE_MODE);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
