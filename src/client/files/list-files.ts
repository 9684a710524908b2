import { promises, type Dirent } from "node:fs";
import { join } from "node:path";
import { createContext, Script } from "node:vm";
import { isIgnored, rulesAbove, rulesIn, type Rules } from "./ignored.ts";

/** What is looked at: a home folder or a tree of packages may have millions of files. */
const MOST = { files: 20_000, folders: 2_000, inFolder: 5_000, milliseconds: 3_000 };

/** Entries that are read at once; keys are handled in between. */
const AT_ONCE = 64;

const never = new Set([".git", ".hg", ".svn", "node_modules"]);

/** A name that can be shown, typed and found again. */
const isUsable = (name: string) =>
  !/["\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffd\ufdd0-\ufdef]/.test(name);

async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  try {
    for await (const entry of await promises.opendir(folder, { bufferSize: AT_ONCE })) {
      if (isUsable(entry.name)) entries.push(entry);
      if (entries.length >= MOST.inFolder) break;
    }
  } catch {
    // What can't be read is not offered.
  }
  return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Returns what runs a function: false if the time was over first, and it was stopped. Nothing else stops a regular expression. */
function createWithin(): (milliseconds: number, run: () => void) => boolean {
  const context = createContext({});
  const running = new Script("run()");
  return (timeout, run) => {
    context["run"] = run;
    try {
      running.runInContext(context, { timeout: Math.max(1, timeout) });
      return true;
    } catch (error) {
      // An Error of the other context.
      if ((error as { code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return false;
      throw error;
    }
  };
}

/**
 * The files below a folder, those near it first, with `/` between the names. Left out is what git ignores. Links are not
 * followed. Bounded: of a huge tree only a part comes, and also if the rules of a hostile repository take longer than
 * `milliseconds`, as those with many `**` do for a deep folder.
 */
export async function listFiles(
  root: string,
  general: string | undefined,
  milliseconds = MOST.milliseconds,
): Promise<string[]> {
  const until = Date.now() + milliseconds;
  const within = createWithin();
  const files: string[] = [];
  const folders: { name: string; rules: Rules | undefined }[] = [
    { name: "", rules: await rulesAbove(root, general) },
  ];
  for (let at = 0; at < folders.length && at < MOST.folders && Date.now() < until; at += 1) {
    const { name, rules: above } = folders[at]!;
    const folder = join(root, name);
    const rules = await rulesIn(folder, above);
    const entries = await entriesOf(folder);
    const take = () => {
      for (const entry of entries) {
        const isFolder = entry.isDirectory();
        if (!isFolder && !entry.isFile()) continue;
        if ((isFolder && never.has(entry.name)) || isIgnored(rules, join(folder, entry.name), isFolder))
          continue;
        if (isFolder) folders.push({ name: `${name}${entry.name}/`, rules });
        else files.push(`${name}${entry.name}`);
        if (files.length >= MOST.files) return;
      }
    };
    if (!within(until - Date.now(), take) || files.length >= MOST.files) break;
  }
  return files;
}

/** What is in one folder; names of folders end with `/`. Links are followed. */
export async function listFolder(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await entriesOf(folder)) {
    const found = entry.isSymbolicLink()
      ? await promises.stat(join(folder, entry.name)).catch(() => undefined)
      : entry;
    if (found?.isDirectory() === true) names.push(`${entry.name}/`);
    else if (found?.isFile() === true) names.push(entry.name);
  }
  return names;
}
