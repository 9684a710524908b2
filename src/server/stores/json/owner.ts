import { join } from "node:path";
import { LEDGER } from "./damage.ts";

export interface Owner {
  uid: number;
  gid: number;
}

/** The user as whom this process opens files; undefined on Windows. */
export const me = (): number | undefined => process.geteuid?.();

/** The folder's path with `/.` at the end: `Files` does not follow a symbolic link at the end of a path. */
export const inside = (dir: string): string => `${dir}/.`;

/**
 * The owner of the files that this process makes in the folder. For root it is the folder's owner, so that the server's
 * user can use them; if root owns the folder, the ledger's owner. Undefined: this process's user.
 */
export async function ownerToBe(
  files: { stat(path: string): Owner | Promise<Owner> },
  dir: string,
): Promise<Owner | undefined> {
  if (me() !== 0) return undefined;
  const folder = await files.stat(inside(dir));
  if (folder.uid !== 0) return folder;
  const ledger = await (async () => files.stat(join(dir, LEDGER)))().catch(() => folder);
  return ledger.uid === 0 ? undefined : ledger;
}
