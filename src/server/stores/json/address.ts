import { join } from "node:path";
import { disk } from "./disk.ts";
import { readWhole, replaceFile } from "./files.ts";

/** Name of the file that holds the URL of the folder's server. */
export const ADDRESS = "address";

/**
 * Writes the URL of the folder's server, for `-s local` (docs/cli.md#your-own-server). The caller holds the
 * folder's lock.
 */
export async function writeAddress(dir: string, url: string): Promise<void> {
  await replaceFile(disk, dir, ADDRESS, Buffer.from(`${url}\n`));
}

/** The URL of the folder's server, if one was written. It is valid only while `lockHolder(dir)` is true. */
export async function readAddress(dir: string): Promise<string | undefined> {
  const written = await readWhole(disk, join(dir, ADDRESS));
  return written?.toString("utf8").trim() || undefined;
}

/** Removes the address, which may be an earlier server's. The caller has just taken the lock. No error if there is none. */
export async function removeAddress(dir: string): Promise<void> {
  await disk.remove(join(dir, ADDRESS));
}

/** Removes the address if it is `url`: a folder that was removed and made again can belong to another server. */
export async function takeBackAddress(dir: string, url: string): Promise<void> {
  if ((await readAddress(dir)) === url) await removeAddress(dir);
}
