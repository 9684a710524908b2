import { constants } from "node:fs";
import { basename, join } from "node:path";
import { errorCode } from "../../../disk/errors.ts";
import { Damage } from "./damage.ts";
import { inside, ownerToBe, type Owner } from "./owner.ts";

export interface FileStat extends Owner {
  size: number;
  ino: number;
  dev: number;
  mode: number;
}

type Awaitable<T> = T | Promise<T>;

/** An open file, as in `node:fs/promises`. `write` may write fewer bytes than asked, as write(2) may. */
export interface OpenFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Awaitable<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  datasync(): Promise<void>;
  sync(): Promise<void>;
  stat(): Awaitable<FileStat>;
  chmod(mode: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * The file calls of the store; an interface, so that tests can make each of them fail. A symbolic link at the end of a
 * path is never followed: a user who can write to the folder could point it at a file of root.
 */
export interface Files {
  /** Whether `write` and `stat` return, or throw, before the next tick: see `diskOn`. */
  readonly synchronous: boolean;
  open(path: string, flags: "r" | "r+" | "wx", mode?: number): Promise<OpenFile>;
  stat(path: string): Awaitable<FileStat>;
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file. Rejects if there is a file with that name. */
  link(existing: string, path: string): Promise<void>;
  /** No error if there is none. */
  remove(path: string): Promise<void>;
  list(dir: string): Promise<string[]>;
}

/** Mode of every file of the store. */
export const FILE_MODE = 0o600;

/** Writes all of `bytes` at `position`, with as many calls as it takes. */
export async function writeFully(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw new Error("write(2) wrote nothing");
    done += bytesWritten;
  }
}

/** The bytes of `[from, to)`, each piece in a new buffer; ends early if the file does. */
export async function* readPieces(
  file: Pick<OpenFile, "read">,
  from: number,
  to = Number.POSITIVE_INFINITY,
  pieceBytes = 64 * 1024,
): AsyncGenerator<Buffer> {
  let position = from;
  while (position < to) {
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, to - position));
    const { bytesRead } = await file.read(piece, 0, piece.length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

/** The lines up to byte `to` without their newlines, those of one piece at a time; last what follows the last newline. */
export async function* readLines(file: OpenFile, to: number): AsyncGenerator<Buffer[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of readPieces(file, 0, to)) {
    const bytes = Buffer.concat([rest, piece]);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      lines.push(bytes.subarray(start, end));
      start = end + 1;
    }
    rest = bytes.subarray(start);
    yield lines;
  }
  if (rest.length > 0) yield [rest];
}

/** The whole file; undefined if there is none. */
export async function readWhole(files: Files, path: string): Promise<Buffer | undefined> {
  const file = await openIfThere(files, path);
  if (!file) return undefined;
  try {
    const pieces: Buffer[] = [];
    for await (const piece of readPieces(file, 0)) pieces.push(piece);
    return Buffer.concat(pieces);
  } finally {
    await file.close();
  }
}

/** The opened file; undefined if there is none. Throws `Damage` if it is not a regular file. */
export async function openIfThere(files: Files, path: string): Promise<OpenFile | undefined> {
  try {
    const { mode } = await files.stat(path);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw notAFile(basename(path), mode);
    return await files.open(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function notAFile(file: string, mode: number): Damage {
  const kind = kinds.get(mode & constants.S_IFMT) ?? "a device or a socket";
  const repair = `Nothing was changed. Move it away, and put the file ${file} back if there was one.`;
  return new Damage({ file, what: `it is ${kind}, not a file.`, repair });
}

const kinds = new Map([
  [constants.S_IFDIR, "a folder"],
  [constants.S_IFIFO, "a named pipe"],
  [constants.S_IFLNK, "a link"],
]);

/** What `read` gets from a file, which is closed then. */
export async function reading<T>(
  files: Files,
  path: string,
  read: (file: OpenFile) => Promise<T>,
): Promise<T> {
  const file = await files.open(path, "r");
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}

/** Makes creations, renames and removals in the folder durable. */
export async function syncFolder(files: Files, dir: string): Promise<void> {
  // Windows cannot open a folder; NTFS journals its renames.
  if (process.platform === "win32") return;
  const folder = await files.open(inside(dir), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Name of the file in which the new content of `name` is written. One that was left behind can be removed. */
export const unfinished = (name: string): string => `${name}.new`;

/** A new file in the folder, open for writing, with mode 0600 and the owner of {@link ownerToBe}. */
export async function createFile(files: Files, dir: string, name: string): Promise<OpenFile> {
  const file = await files.open(join(dir, name), "wx", FILE_MODE);
  try {
    const owner = await ownerToBe(files, dir);
    // Some file systems have one owner for every file, and refuse to change it.
    if (owner && (await file.stat()).uid !== owner.uid) await file.chown(owner.uid, owner.gid);
    // The umask may have taken the owner's own rights.
    await file.chmod(FILE_MODE);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Replaces a file atomically and durably: a reader, also after a crash, finds the old content or the new one. */
export function replaceFile(files: Files, dir: string, name: string, bytes: Uint8Array): Promise<void> {
  return replaceWith(files, dir, name, (file) => writeFully(file, bytes, 0));
}

/** As {@link replaceFile}, with what `write` writes. If it rejects, the old content stays. */
export async function replaceWith(
  files: Files,
  dir: string,
  name: string,
  write: (file: OpenFile, path: string) => Promise<void>,
): Promise<void> {
  const path = join(dir, unfinished(name));
  await files.remove(path);
  try {
    const file = await createFile(files, dir, unfinished(name));
    try {
      await write(file, path);
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(path, join(dir, name));
  } catch (error) {
    await files.remove(path).catch(() => {});
    throw error;
  }
  await syncFolder(files, dir);
}
