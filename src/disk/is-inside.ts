import { realpath } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { isMissing } from "./errors.ts";

/** Whether a path leads into a folder. Neither need exist. */
export async function isInside(path: string, dir: string): Promise<boolean> {
  const way = relative(await realPathOf(dir), await realPathOf(path));
  return way !== ".." && !/^\.\.[/\\]/.test(way) && !isAbsolute(way);
}

async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const above = dirname(resolve(path));
    if (!isMissing(error) || above === resolve(path)) throw error;
    return resolve(await realPathOf(above), relative(above, resolve(path)));
  }
}
