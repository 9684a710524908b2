import { closeSync, constants, fstatSync, openSync, promises, readFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";

/** As `open` of `node:fs/promises`. */
type Open<Handle> = (path: string, flags: number, mode?: number) => Promise<Handle>;

// Without O_NONBLOCK, opening a named pipe waits for another process, and nothing can interrupt that wait. Windows has
// neither such pipes nor the flag; there it is `undefined`, which adds nothing.
const { O_NONBLOCK, O_RDONLY } = constants;

/** The system itself has an error only for a folder. */
export const notRegular = (isFolder: boolean) =>
  Object.assign(new Error("not a regular file"), { code: isFolder ? "EISDIR" : "NOT_REGULAR" });

/** `open` that never waits and opens only regular files. Rejects with the code `EISDIR` or `NOT_REGULAR`. */
export function regularOnly<Handle extends Pick<FileHandle, "stat" | "close">>(
  open: Open<Handle>,
): Open<Handle> {
  return async (path, flags, mode) => {
    const handle = await open(path, flags | O_NONBLOCK, mode);
    const found = await handle.stat();
    if (found.isFile()) return handle;
    await handle.close();
    throw notRegular(found.isDirectory());
  };
}

export const openRegular = regularOnly<FileHandle>((path, flags, mode) => promises.open(path, flags, mode));

/**
 * Reads a regular file; never waits for another process. Throws as `openRegular` rejects, and with the code `TOO_LARGE` if
 * it has more than `most` bytes.
 */
export function readRegularSync(path: string, most = Infinity): Buffer {
  const fd = openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) throw notRegular(found.isDirectory());
    if (found.size > most) throw Object.assign(new Error("too large"), { code: "TOO_LARGE" });
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}
