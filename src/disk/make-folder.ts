import { mkdirSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? error.code : undefined);

/** Whether it wasn't there before. */
async function makeOne(dir: string): Promise<boolean> {
  try {
    await mkdir(dir, { mode: 0o700 });
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") throw error;
    // On Windows even the root of a drive, which is there, is refused.
    if (!(await stat(dir).catch(() => undefined))?.isDirectory()) throw error;
    return false;
  }
}

/**
 * Makes a folder and those above it, for their owner alone; true where it wasn't there before. Node's own `recursive`
 * never ends below a folder like /proc, where what was just named isn't found (20.20). src/server/stores has the same:
 * neither room may import the other, and protocol knows no disk.
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

/** The same at once, for where nothing can be waited for; no error where there is something of that name. */
export function makeFolderSync(dir: string): void {
  const make = () => mkdirSync(dir, { mode: 0o700 });
  try {
    make();
  } catch (error) {
    if (codeOf(error) === "EEXIST") return;
    if (codeOf(error) !== "ENOENT" || dirname(dir) === dir) throw error;
    makeFolderSync(dirname(dir));
    make();
  }
}
