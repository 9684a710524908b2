import { constants } from "node:fs";
import { lstat, open, readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Damage } from "./damage.ts";
import { inside, ownerToBe, type Owner } from "./owner.ts";

/** What the store asks of a file's metadata. */
export interface FileStat extends Owner {
  size: number;
  ino: number;
  dev: number;
  mode: number;
}

/** An open file, as `node:fs/promises` gives it. `write` may write less than asked, as write(2) may. */
export interface OpenFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  datasync(): Promise<void>;
  sync(): Promise<void>;
  stat(): Promise<FileStat>;
  chmod(mode: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * The file calls that the store makes for its data. A port, so that tests can make each of them fail. A link at the end
 * of a path is never followed: whoever may write the folder could point it at a file of root's.
 */
export interface Files {
  open(path: string, flags: keyof typeof openFlags, mode?: number): Promise<OpenFile>;
  stat(path: string): Promise<FileStat>;
  rename(from: string, to: string): Promise<void>;
  /** No error where there is none. */
  remove(path: string): Promise<void>;
  list(dir: string): Promise<string[]>;
}

const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

/** As fopen(3) names them. With O_NONBLOCK a named pipe isn't waited for. Windows has neither of the last two. */
const openFlags = {
  r: O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
  "r+": O_RDWR | O_NOFOLLOW | O_NONBLOCK,
  wx: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK,
};

/** The real disk. */
export const disk: Files = {
  open: (path, flags, mode) => open(path, openFlags[flags], mode),
  stat: (path) => lstat(path),
  rename,
  remove: (path) => rm(path, { force: true }),
  list: (dir) => readdir(dir),
};

/** Mode of every file of ours. */
export const FILE_MODE = 0o600;

/** Writes all of `bytes` at `position`, however little each call takes. */
export async function writeFully(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw new Error("write(2) wrote nothing");
    done += bytesWritten;
  }
}

/** The bytes of `[from, to)` in pieces of their own memory; ends early where the file does. */
export async function* readPieces(
  file: OpenFile,
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

/** The whole file, or undefined where there is none. */
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

/** The opened file, or undefined where there is none. Throws `Damage` for what is no file. */
export async function openIfThere(files: Files, path: string): Promise<OpenFile | undefined> {
  try {
    const { mode } = await files.stat(path);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw noFile(basename(path), mode);
    return await files.open(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function noFile(file: string, mode: number): Damage {
  const kind = kinds.get(mode & constants.S_IFMT) ?? "a device or a socket";
  const repair = `Nothing was changed. Move it away, and put the file ${file} back where there was one.`;
  return new Damage({ file, what: `it is ${kind}, and no file.`, repair });
}

const kinds = new Map([
  [constants.S_IFDIR, "a folder"],
  [constants.S_IFIFO, "a named pipe"],
  [constants.S_IFLNK, "a link"],
]);

/** Makes what was created, renamed or removed in the folder durable. */
export async function syncFolder(files: Files, dir: string): Promise<void> {
  // Windows cannot open a folder; its renames are journalled by NTFS.
  if (process.platform === "win32") return;
  const folder = await files.open(inside(dir), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Name of the file that holds the new content of `name` until it is whole. A left-over one means nothing. */
export const unfinished = (name: string): string => `${name}.new`;

/** A new file in the folder, open for writing: mode 0600, and whose the folder's files are. */
export async function createFile(files: Files, dir: string, name: string): Promise<OpenFile> {
  const file = await files.open(join(dir, name), "wx", FILE_MODE);
  try {
    const owner = await ownerToBe(files, dir);
    // Some file systems give every file one owner, and refuse to change it.
    if (owner && (await file.stat()).uid !== owner.uid) await file.chown(owner.uid, owner.gid);
    // open(2) subtracts the umask, which may be an odd one.
    await file.chmod(FILE_MODE);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Replaces a file as a whole and durably: readers, and a crash, find the old content or the new one. */
export async function replaceFile(files: Files, dir: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = join(dir, unfinished(name));
  await files.remove(path);
  try {
    const file = await createFile(files, dir, unfinished(name));
    try {
      await writeFully(file, bytes, 0);
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

/** `ENOSPC` and the like, or undefined for what is no system error. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}
