import { constants } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import ignore, { type Ignore } from "ignore";
import { openRegular } from "../../disk/regular-file.ts";

/** The rules of one file of ignored names, and those that hold where they say nothing. */
export interface Rules {
  base: string;
  own: Ignore;
  above: Rules | undefined;
}

/** Longest file of rules that is read, in bytes. */
const MOST_BYTES = 256 * 1024;

/** Text of a small regular file; "" if it can't be read. */
async function textOf(path: string): Promise<string> {
  try {
    const handle = await openRegular(path, constants.O_RDONLY);
    try {
      return (await handle.stat()).size > MOST_BYTES ? "" : await handle.readFile("utf8");
    } finally {
      await handle.close();
    }
  } catch {
    return "";
  }
}

async function withFile(path: string, base: string, above: Rules | undefined): Promise<Rules | undefined> {
  const text = await textOf(path);
  if (text === "") return above;
  return { base, own: ignore({ ignorecase: process.platform !== "linux" }).add(text), above };
}

/** The rules in a folder: its `.gitignore` before those above. */
export const rulesIn = (folder: string, above: Rules | undefined): Promise<Rules | undefined> =>
  withFile(join(folder, ".gitignore"), folder, above);

/**
 * The rules that hold above a folder: of git in general (`general` is its file), of the repository, and of each folder
 * between its root and this one.
 */
export async function rulesAbove(folder: string, general: string | undefined): Promise<Rules | undefined> {
  const above: string[] = [];
  let root: string | undefined;
  for (let at = folder; ; at = dirname(at)) {
    if ((await textOf(join(at, ".git", "HEAD"))) !== "" || (await textOf(join(at, ".git"))) !== "") root = at;
    if (root !== undefined || dirname(at) === at) break;
    above.unshift(dirname(at));
  }
  const base = root ?? folder;
  let rules = general === undefined ? undefined : await withFile(general, base, undefined);
  if (root === undefined) return rules;
  rules = await withFile(join(root, ".git", "info", "exclude"), root, rules);
  for (const dir of above) rules = await rulesIn(dir, rules);
  return rules;
}

/** Whether git would leave out what has that path. The rules nearest to it win. */
export function isIgnored(rules: Rules | undefined, path: string, isFolder: boolean): boolean {
  for (let at = rules; at !== undefined; at = at.above) {
    const name = relative(at.base, path).replaceAll(sep, "/");
    const { ignored, unignored } = at.own.test(isFolder ? `${name}/` : name);
    if (ignored) return true;
    if (unignored) return false;
  }
  return false;
}
