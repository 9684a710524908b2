import type { FileHandle } from "node:fs/promises";

/** The part of Node's file handle that saved conversations need. */
export type Handle = Pick<FileHandle, "read" | "write" | "stat" | "chmod" | "close">;

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

const codeOf = (error: unknown) =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** Whether the file or its folder isn't there, which is no trouble. */
export const isMissing = (error: unknown): boolean => codeOf(error) === "ENOENT";

/** Whether the system refused, rather than this program being wrong. */
export const isSystemError = (error: unknown): boolean => codeOf(error) !== undefined;

/** What keeps a file from being read or written and how to mend it, for a person. */
export function troubleOf(error: unknown): string {
  const code = codeOf(error);
  if (code === "EACCES" || code === "EPERM") return "you may not. Mend its permissions.";
  if (code === "EROFS") return "the disk is read-only. Set XDG_DATA_HOME to a folder that can be written.";
  if (code === "ENOSPC" || code === "EDQUOT") return "the disk is full. Free some space.";
  if (code === "ENOTDIR") return "a file is in the way of its folder. Move that file away.";
  if (code === "EEXIST") return "a file is in its way. Move that file away.";
  if (code === "EISDIR") return "a folder is in its place. Move that folder away.";
  if (code === "NOT_REGULAR") return "it isn't a regular file. Move it away.";
  return `${code ?? "it failed"}. Look after that file and its disk.`;
}
