import { rmdirSync, rmSync } from "node:fs";
import { mkdtemp, readdir, rename, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { StartupError } from "../core/startup-error.ts";
import { errorCode } from "../../disk/errors.ts";
import { disk } from "./json/disk.ts";
import { syncFolder } from "./json/files.ts";
import { deniedByOwner } from "./json/other-owner.ts";
import { me } from "./json/owner.ts";
import { giveFolder, makeFolder } from "./make-folder.ts";

/** What makes a data folder. */
type Maker = "copy" | "restore";

/**
 * Throws `StartupError` unless a data folder can be made there: there is none, or an empty one. Warns of what earlier
 * makers left that were killed.
 */
export async function mustBeEmpty(
  dir: string,
  maker: Maker,
  warn: (sentence: string) => void,
): Promise<void> {
  const found = await readdir(dir).catch(async (error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    if (errorCode(error) === "ENOTDIR")
      throw new StartupError(`${dir} is not a folder.`, "Name one that does not exist yet.", error);
    throw (await deniedByOwner(dir, error)) ?? (await deniedByOwner(dirname(dir), error)) ?? error;
  });
  if (found.length > 0)
    throw new StartupError(
      `The folder ${dir} is not empty.`,
      `Name one that does not exist yet. A ${maker} is never merged into another store.`,
    );
  for (const left of await leftOvers(dir, maker))
    warn(
      `An interrupted ${maker} left ${left}, which holds password hashes. Remove it, unless that ${maker} is still running.`,
    );
}

const stagingName = (dir: string, maker: Maker) => `.${basename(dir)}-${maker}-`;

/** The staging folders of earlier makers of this folder, which were killed or are still running. */
async function leftOvers(dir: string, maker: Maker): Promise<string[]> {
  const names = await readdir(dirname(dir)).catch(() => []);
  return names
    .filter((name) => name.startsWith(stagingName(dir, maker)))
    .map((name) => join(dirname(dir), name));
}

/**
 * Makes a data folder: `write` writes it, synced, into a hidden folder beside it, which is then renamed. If `write` rejects
 * or the process is killed, there is none; if it rejects, also none of the folders above that were made for it.
 */
export async function makeStoreFolder<T>(
  dir: string,
  maker: Maker,
  write: (staging: string) => Promise<T>,
): Promise<T> {
  const above: string[] = [];
  let staging: string | undefined;
  // It holds password hashes and the secret: it must not stay, even after a second signal, which ends the process at once.
  const removeNow = () => {
    if (staging !== undefined) rmSync(staging, { recursive: true, force: true });
    removeEmpty(above);
  };
  process.once("exit", removeNow);
  try {
    await makeFolder(dirname(dir), above);
    staging = await mkdtemp(join(dirname(dir), stagingName(dir, maker))).catch(async (error: unknown) => {
      throw (await deniedByOwner(dirname(dir), error)) ?? error;
    });
    // The owner of the target, or of a folder made there.
    if (me() === 0) await giveFolder(staging, (await stat(dir).catch(() => undefined)) ? dir : dirname(dir));
    const written = await write(staging);
    await rmdir(dir).catch((error: unknown) => {
      if (errorCode(error) !== "ENOENT") throw error;
    });
    await rename(staging, dir);
    await syncFolder(disk, dirname(dir));
    return written;
  } catch (error) {
    removeNow();
    throw error;
  } finally {
    process.off("exit", removeNow);
  }
}

/** Removes folders that nobody else has put anything into, the innermost first. */
function removeEmpty(folders: readonly string[]): void {
  try {
    for (const folder of folders.toReversed()) rmdirSync(folder);
  } catch {
    // Those above have something in them, too.
  }
}
