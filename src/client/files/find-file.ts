import { promises } from "node:fs";
import { join, resolve } from "node:path";
import { errorCode } from "../../disk/errors.ts";
import { splitRange, type NamedFile } from "./named-file.ts";

/** What the names of files are relative to; `~/` is the home folder, if it is known. */
export interface Places {
  working: string;
  home?: string | undefined;
}

/** Where a file is that a person named. */
export const pathOf = (name: string, { working, home }: Places): string =>
  home !== undefined && /^~(?:[/\\]|$)/.test(name) ? join(home, name.slice(1)) : resolve(working, name);

/** Whether something has that path, and what. What can't be looked at may be a file. */
async function kindAt(path: string): Promise<"file" | "folder" | "nothing"> {
  try {
    return (await promises.stat(path)).isDirectory() ? "folder" : "file";
  } catch (error) {
    const code = errorCode(error);
    return code === "EACCES" || code === "EPERM" || code === "ELOOP" ? "file" : "nothing";
  }
}

/**
 * The file that a name stands for, or lines of it if the name ends so and is no file itself. A folder is one too if nothing else
 * has the name. Undefined if there is nothing.
 */
export async function findFile(
  name: string,
  places: Places,
): Promise<{ kind: "file" | "folder"; file: NamedFile } | undefined> {
  const path = pathOf(name, places);
  const kind = await kindAt(path);
  if (kind !== "nothing") return { kind, file: { name, path } };
  const split = splitRange(name);
  if (split === undefined) return undefined;
  const found = { name, path: pathOf(split.path, places), range: split.range };
  return (await kindAt(found.path)) === "file" ? { kind: "file", file: found } : undefined;
}
