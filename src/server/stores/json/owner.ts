import { join } from "node:path";
import { LEDGER } from "./damage.ts";

/** Numbers of a user and of a group. */
export interface Owner {
  uid: number;
  gid: number;
}

/** The user as whom this process opens files; undefined on Windows. */
export const me = (): number | undefined => process.geteuid?.();

/** The folder by a path that doesn't end in a link, which `Files` would not follow. */
export const inside = (dir: string): string => `${dir}/.`;

/**
 * Whose the files are that this process makes in the folder. As root that is the folder's owner, so that the server's
 * user can use them; where root owns the folder, the ledger's owner. Undefined: this process's own.
 */
export async function ownerToBe(
  files: { stat(path: string): Promise<Owner> },
  dir: string,
): Promise<Owner | undefined> {
  if (me() !== 0) return undefined;
  const folder = await files.stat(inside(dir));
  if (folder.uid !== 0) return folder;
  const ledger = await files.stat(join(dir, LEDGER)).catch(() => folder);
  return ledger.uid === 0 ? undefined : ledger;
}
