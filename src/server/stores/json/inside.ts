import { realpath } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { errorCode } from "../../../disk/errors.ts";

/** Whether a path is that of a folder, or in it. The folder need not exist yet. */
export async function isInside(path: string, dir: string): Promise<boolean> {
  const way = relative(await realPathOf(dir), await realpath(path));
  return way !== ".." && !/^\.\.[/\\]/.test(way) && !isAbsolute(way);
}

/** Of a folder that need not exist yet. */
async function realPathOf(dir: string): Promise<string> {
  try {
    return await realpath(dir);
  } catch (error) {
    if (errorCode(error) !== "ENOENT" || dirname(dir) === dir) throw error;
    return resolve(await realPathOf(dirname(resolve(dir))), relative(dirname(resolve(dir)), resolve(dir)));
  }
}
