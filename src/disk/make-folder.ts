// Node loads the part for promises, 1.5 ms, when it is first used.
import { mkdirSync, promises } from "node:fs";
import { dirname } from "node:path";
import { errorCode, isMissing } from "./errors.ts";

/** For its owner alone. */
export const FOLDER_MODE = 0o700;

/** What is done with each folder that was just made, before anything is made in it. */
type OnMade = (dir: string) => Promise<void>;

/** Whether it wasn't there before. */
async function makeOne(dir: string, onMade: OnMade): Promise<boolean> {
  try {
    await promises.mkdir(dir, { mode: FOLDER_MODE });
  } catch (error) {
    if (isMissing(error)) throw error;
    // On Windows even the root of a drive, which is there, is refused.
    if (!(await promises.stat(dir).catch(() => undefined))?.isDirectory()) throw error;
    return false;
  }
  await onMade(dir);
  return true;
}

/**
 * Makes a folder and those above it, for their owner alone; true where it wasn't there before. Node's own `recursive`
 * never ends below a folder like /proc, where what was just named isn't found (20.20).
 */
export async function makeFolder(dir: string, onMade: OnMade = async () => {}): Promise<boolean> {
  try {
    return await makeOne(dir, onMade);
  } catch (error) {
    if (!isMissing(error) || dirname(dir) === dir) throw error;
  }
  await makeFolder(dirname(dir), onMade);
  return makeOne(dir, onMade);
}

/** The same, synchronously; no error where there is something of that name. */
export function makeFolderSync(dir: string): void {
  const make = () => mkdirSync(dir, { mode: FOLDER_MODE });
  try {
    make();
  } catch (error) {
    if (errorCode(error) === "EEXIST") return;
    if (!isMissing(error) || dirname(dir) === dir) throw error;
    makeFolderSync(dirname(dir));
    make();
  }
}
