import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { open as openWithNode, type FileHandle } from "node:fs/promises";

/** As `open` of `node:fs/promises`. */
type Open<Handle> = (path: string, flags: number, mode?: number) => Promise<Handle>;

// Without O_NONBLOCK the opening of a named pipe waits for another process, and nothing can interrupt that wait. Windows
// has neither such pipes nor the flag, where `undefined` adds nothing to the others.
const { O_NONBLOCK, O_RDONLY } = constants;

/** What the system would say of such a file: only of a folder it does. */
const notRegular = (isFolder: boolean) =>
  Object.assign(new Error("not a regular file"), { code: isFolder ? "EISDIR" : "NOT_REGULAR" });

/** `open` that never waits and takes regular files alone. Rejects with the code `EISDIR`, or `NOT_REGULAR`. */
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

export const openRegular = regularOnly(openWithNode);

/** Reads a regular file; never waits for another process. Throws as `openRegular` rejects. */
export function readRegularSync(path: string): Buffer {
  const fd = openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) throw notRegular(found.isDirectory());
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}
