import { chmod, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { StartupError } from "../../core/startup-error.ts";
import { FOLDER_MODE } from "../../../disk/make-folder.ts";
import { makeFolder } from "../make-folder.ts";
import { ADDRESS } from "./address.ts";
import { CHECKPOINT, LEDGER } from "./damage.ts";
import { errorCode } from "../../../disk/errors.ts";
import { FILE_MODE, openIfThere, unfinished, type Files, type FileStat } from "./files.ts";
import { KNOWN } from "./known.ts";
import { deniedByOwner } from "./other-owner.ts";
import { me, ownerToBe } from "./owner.ts";
import { SECRET } from "./secret.ts";

/**
 * Makes the data folder with mode 0700 if there is none. A folder that other users can enter gets that mode if it holds
 * only a store; otherwise (`--data .`) it stays as it is, with a warning. Throws `StartupError`.
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
const NAMES = [LEDGER, CHECKPOINT, SECRET, ADDRESS, KNOWN];
const OURS = new Set([...NAMES, ...NAMES.map(unfinished)]);
const isOurs = (name: string) =>
  OURS.has(name) || name.startsWith("lock.") || /^ledger-\d+\.jsonl$/.test(name);

async function closeFolder(dir: string, warn: (sentence: string) => void): Promise<void> {
  if (process.platform === "win32") return;
  const { mode, uid } = await stat(dir);
  if ((mode & OTHERS) === 0) return;
  const ours = uid === me() && (mode & STICKY) === 0;
  const alone = ours && (await readdir(dir)).every(isOurs);
  if (alone) await chmod(dir, FOLDER_MODE);
  else
    warn(
      `Other users can look into the data folder ${dir}. Give the store a folder of its own, or set its mode to 700.`,
    );
}

/** Takes the rights of other users off the store's files, and removes unfinished files. The caller holds the lock. */
export async function tidyFolder(files: Files, dir: string): Promise<void> {
  for (const name of NAMES) await files.remove(join(dir, unfinished(name)));
  if (process.platform === "win32") return;
  const owner = (await ownerToBe(files, dir))?.uid ?? me();
  for (const name of [LEDGER, CHECKPOINT, SECRET, KNOWN]) await closeFile(files, join(dir, name), owner);
}

/** Changes only files of `owner`: the folder's owner can link a file of root into it. */
async function closeFile(files: Files, path: string, owner: number | undefined): Promise<void> {
  const isOpen = ({ mode, uid }: FileStat) => uid === owner && (mode & OTHERS) !== 0;
  const found = await (async () => files.stat(path))().catch((error: unknown) => {
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
