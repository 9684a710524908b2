import { constants, fdatasync, fstatSync, lstatSync, writeSync } from "node:fs";
import { link, lstat, open, readdir, rename, rm, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "../../../disk/errors.ts";
import type { Files } from "./files.ts";

const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

/** Named as for fopen(3). O_NONBLOCK: opening a named pipe must not wait. Windows lacks the last two flags. */
const openFlags = {
  r: O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
  "r+": O_RDWR | O_NOFOLLOW | O_NONBLOCK,
  wx: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK,
};

/** The disk, every call in the thread pool: on some file systems each of them may wait for a network. */
export const disk: Files = {
  synchronous: false,
  open: (path, flags, mode) => open(path, openFlags[flags], mode),
  stat: (path) => lstat(path),
  rename,
  link,
  remove: (path) => rm(path, { force: true }),
  list: (dir) => readdir(dir),
};

/**
 * A local disk of Linux: `write` and `stat` end in the page cache, and cost less than a way through the thread pool.
 * `datasync` waits for the disk, so it stays there.
 */
const localDisk: Files = {
  ...disk,
  synchronous: true,
  async open(path, flags, mode) {
    const file = await open(path, openFlags[flags], mode);
    return {
      read: (...how) => file.read(...how),
      write: (...how) => ({ bytesWritten: writeSync(file.fd, ...how) }),
      truncate: (length) => file.truncate(length),
      datasync: () => datasync(file.fd),
      sync: () => file.sync(),
      stat: () => fstatSync(file.fd),
      chmod: (mode) => file.chmod(mode),
      chown: (uid, gid) => file.chown(uid, gid),
      close: () => file.close(),
    };
  },
  stat: (path) => lstatSync(path),
};

/** Takes half the time of a file handle's own. */
const datasync = (fd: number) =>
  new Promise<void>((resolve, reject) => {
    fdatasync(fd, (error) => (error ? reject(error) : resolve()));
  });

/** File systems of a machine's own disks and memory, by their number in statfs(2). */
const LOCAL = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0xca451a4e, // bcachefs
  0xf2f52010, // f2fs
  0x2fc12fc1, // zfs
  0x01021994, // tmpfs
  0x794c7630, // overlayfs
]);

/** The number of the file system that holds a path, or will when it is made; undefined where there is none to ask. */
export async function fileSystemOf(path: string): Promise<number | undefined> {
  if (process.platform !== "linux") return undefined;
  try {
    return (await statfs(path)).type;
  } catch (error) {
    return errorCode(error) === "ENOENT" && dirname(path) !== path ? fileSystemOf(dirname(path)) : undefined;
  }
}

/** The fastest calls for a file system (docs/ledger.md#writing). */
export const diskOn = (fileSystem: number | undefined): Files =>
  fileSystem !== undefined && LOCAL.has(fileSystem) ? localDisk : disk;
