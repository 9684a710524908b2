import { chmod, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { StartupError } from "../../core/startup-error.ts";
import { FOLDER_MODE, makeFolder } from "../make-folder.ts";
import { ADDRESS } from "./address.ts";
import { CHECKPOINT, LEDGER } from "./damage.ts";
import { errorCode, FILE_MODE, openIfThere, unfinished, type Files, type FileStat } from "./files.ts";
import { deniedByOwner } from "./other-owner.ts";
import { me, ownerToBe } from "./owner.ts";
import { SECRET } from "./secret.ts";

/**
 * Makes the data folder where there is none, for its owner alone. One that is open to others is closed to them if
 * it holds nothing but a store; else (`--data .`) it is left as it is, with a warning. Throws `StartupError`.
 */
export async function prepareFolder(dir: string, warn: (sentence: string) => void): Promise<void> {
  try {
    if (!(await makeFolder(dir))) await closeFolder(dir, warn);
  } catch (error) {
    const denied = await deniedByOwner(dir, error);
    if (denied) throw denied;
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
  const ours = uid === me() && (mode & STICKY) === 0;
  const alone = ours && (await readdir(dir)).every(isOurs);
  if (alone) await chmod(dir, FOLDER_MODE);
  else
    warn(`Others can look into the data folder ${dir}: give the store a folder of its own, or chmod 700 it.`);
}

/** Under the lock: closes files of ours that others can read, and removes what was never finished. */
export async function tidyFolder(files: Files, dir: string): Promise<void> {
  for (const name of NAMES) await files.remove(join(dir, unfinished(name)));
  if (process.platform === "win32") return;
  const owner = (await ownerToBe(files, dir))?.uid ?? me();
  for (const name of [LEDGER, CHECKPOINT, SECRET]) await closeFile(files, join(dir, name), owner);
}

/** Only a file of `owner`: root must not change one that the folder's owner has linked in. */
async function closeFile(files: Files, path: string, owner: number | undefined): Promise<void> {
  const isOpen = ({ mode, uid }: FileStat) => uid === owner && (mode & OTHERS) !== 0;
  const found = await files.stat(path).catch((error: unknown) => {
    if (errorCode(error) !== "ENOENT") throw error;
  });
  if (!found || !isOpen(found)) return;
  const file = await openIfThere(files, path);
  try {
    if (file && isOpen(await file.stat())) await file.chmod(FILE_MODE);
  } finally {
    await file?.close();
  }
}
