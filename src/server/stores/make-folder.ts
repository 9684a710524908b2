import { constants } from "node:fs";
import { chmod, mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** For its owner alone. */
export const FOLDER_MODE = 0o700;

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? error.code : undefined);

/** Whether it wasn't there before. */
async function makeOne(dir: string): Promise<boolean> {
  try {
    await mkdir(dir, { mode: FOLDER_MODE });
  } catch (error) {
    if (codeOf(error) === "ENOENT") throw error;
    // On Windows even the root of a drive, which is there, is refused.
    if (!(await stat(dir).catch(() => undefined))?.isDirectory()) throw error;
    return false;
  }
  // The umask may have taken more than asked.
  if (process.geteuid?.() !== 0) await chmod(dir, FOLDER_MODE);
  else await giveFolder(dir, dirname(dir));
  return true;
}

/**
 * As root: gives a folder that was just made to the owner of the folder `like`. Through its handle: that owner may have
 * put a link in its place meanwhile.
 */
export async function giveFolder(dir: string, like: string): Promise<void> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const { uid, gid } = await stat(like);
  const folder = await open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    if ((await folder.stat()).uid !== uid) await folder.chown(uid, gid);
    await folder.chmod(FOLDER_MODE);
  } finally {
    await folder.close();
  }
}

/**
 * Makes a folder and those above it, for their owner alone; true where it wasn't there before. What root makes gets the
 * owner of the folder above. Node's own `recursive` never ends below a folder like /proc, where what was just named isn't
 * found (20.20). src/client has the same: neither room may import the other, and protocol knows no disk.
 */
export async function makeFolder(dir: string): Promise<boolean> {
  try {
    return await makeOne(dir);
  } catch (error) {
    if (codeOf(error) !== "ENOENT" || dirname(dir) === dir) throw error;
  }
  await makeFolder(dirname(dir));
  return makeOne(dir);
}
