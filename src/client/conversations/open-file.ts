import type { FileHandle } from "node:fs/promises";
import { fileTrouble } from "../../disk/errors.ts";

/** The part of Node's file handle that saved conversations need. */
export type Handle = Pick<FileHandle, "read" | "write" | "stat" | "chmod" | "datasync" | "close">;

/** As `open` of `node:fs/promises`; tests count and fail what goes through it. */
export type OpenFile = (path: string, flags: number, mode?: number) => Promise<Handle>;

/** Why a file can't be read though the system lets us; the message goes on after its path. */
export class Unreadable extends Error {}

/** Exactly these bytes of the file. Rejects with `Unreadable` where it has become shorter. */
export async function readAt(handle: Handle, from: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, from + filled);
    if (bytesRead === 0) throw new Unreadable("became shorter while it was read. Try again.");
    filled += bytesRead;
  }
  return bytes;
}

/** What keeps a file from being read or written and what to do. */
export const troubleOf = (error: unknown): string => fileTrouble(error, "XDG_DATA_HOME");
