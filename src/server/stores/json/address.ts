import { join } from "node:path";
import { disk, readWhole, replaceFile } from "./files.ts";

/** Name of the file beside the lock that says where the folder's server listens. */
export const ADDRESS = "address";

/** Says that the server of this folder listens at `url` (CLI.md §3, `-s local`). The caller holds the folder's lock. */
export async function writeAddress(dir: string, url: string): Promise<void> {
  await replaceFile(disk, dir, ADDRESS, Buffer.from(`${url}\n`));
}

/** The URL of the folder's server, if it has said one. It means something only while `lockHolder(dir)` is true. */
export async function readAddress(dir: string): Promise<string | undefined> {
  const written = await readWhole(disk, join(dir, ADDRESS));
  return written?.toString("utf8").trim() || undefined;
}

/** Takes the address away, whosever it is: the caller has just got the folder's lock. No error where there is none. */
export async function removeAddress(dir: string): Promise<void> {
  await disk.remove(join(dir, ADDRESS));
}

/** Takes back `url` if that is what it says: a folder that was removed and made again may be another server's. */
export async function takeBackAddress(dir: string, url: string): Promise<void> {
  if ((await readAddress(dir)) === url) await removeAddress(dir);
}
