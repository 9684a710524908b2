import { statSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../disk/errors.ts";
import type { OwnKeys } from "./read-own-keys.ts";

/** `keys.json` of the user; undefined if there is no such file. */
export async function readKeysFile(dir: string | undefined): Promise<OwnKeys | undefined> {
  if (dir === undefined) return undefined;
  const path = join(dir, "keys.json");
  // Almost nobody has the file: nothing is loaded for it.
  try {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  } catch (error) {
    if (errorCode(error) === "ENOTDIR") return undefined;
  }
  const { readOwnKeys } = await import("./read-own-keys.ts");
  return readOwnKeys(path);
}
