import { constants } from "node:fs";
import { chmod, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { FOLDER_MODE, makeFolder as makeOnDisk } from "../../disk/make-folder.ts";

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
 * owner of the folder above. `all` gets the path of each that was made.
 */
export function makeFolder(dir: string, all: string[] = []): Promise<boolean> {
  return makeOnDisk(dir, async (made) => {
    all.push(made);
    // The umask may have taken more than asked.
    if (process.geteuid?.() !== 0) await chmod(made, FOLDER_MODE);
    else await giveFolder(made, dirname(made));
  });
}
