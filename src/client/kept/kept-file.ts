// Node loads the part for promises, 1.5 ms, when it is first used.
import { constants, existsSync, promises, readlinkSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type ConfType from "conf";
import { errorCode, fileTrouble, isMissing } from "../../disk/errors.ts";
import { locked } from "../../disk/locked.ts";
import { record } from "../../text/loose-json.ts";
import { makeFolder } from "../../disk/make-folder.ts";
import { readRegularSync } from "../../disk/regular-file.ts";

/** Whether something was saved; `why` is a sentence for a person: which file, and how to repair it. */
export type Kept = { kept: true } | { kept: false; why: string };

/** One JSON object in one file of this user's, shared with other processes. */
export interface KeptFile {
  /** `undefined` if there is no folder for it. */
  readonly path: string | undefined;
  /** Its present content; empty if it is missing or can't be read (then `problem` says why). Never throws. */
  read(): Record<string, unknown>;
  /** Why the last read or write failed; `undefined` if it did not. */
  readonly problem: string | undefined;
  /**
   * Changes the present content under a lock. A file that can't be read is not changed. Changes of one process happen in
   * the order of their calls. Never rejects.
   */
  change(edit: (content: Record<string, unknown>) => void): Promise<Kept>;
  /** Whether a change could be saved now: the file can be read, and its folder made and written. Never rejects. */
  isWritable(): Promise<Kept>;
}

/** Longest wait for the lock, in milliseconds. */
const PATIENCE = 30_000;

type Content = { kind: "read"; content: Record<string, unknown> } | { kind: "broken"; why: string };

/** JSON begins with a character of ASCII, which has a zero byte in UTF-16; and editors write a byte order mark. */
function utf16Of([first, second]: Buffer): "utf-16le" | "utf-16be" | undefined {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return "utf-16le";
  return (first === 0xfe && second === 0xff) || (first === 0 && second !== 0) ? "utf-16be" : undefined;
}

/** A file without text, which an editor or a full disk may leave, counts as missing. */
function contentOf(path: string, bytes: Buffer): Content {
  const utf16 = utf16Of(bytes);
  try {
    // Removes a byte order mark. Rejects bytes that are not UTF-8: the next change would lose them.
    const text = new TextDecoder(utf16 ?? "utf-8", { fatal: true }).decode(bytes);
    const content = text.trim() === "" ? {} : utf16 === undefined && record(JSON.parse(text));
    if (content) return { kind: "read", content };
  } catch {
    // Not text, or not JSON: broken, as below.
  }
  const isnt = utf16 === undefined ? "isn't a JSON object" : "isn't a JSON object in UTF-8 but UTF-16";
  const how = utf16 === undefined ? "Repair it" : "Save it as UTF-8";
  return { kind: "broken", why: `${path} is broken: it ${isnt}. ${how}, or move it away to start again.` };
}

function load(path: string): Content {
  try {
    return contentOf(path, readRegularSync(path));
  } catch (error) {
    // ENOTDIR: part of the path is no folder (a home of /dev/null).
    if (isMissing(error) || errorCode(error) === "ENOTDIR") return { kind: "read", content: {} };
    return { kind: "broken", why: `${path} can't be read: ${fileTrouble(error, "XDG_CONFIG_HOME")}` };
  }
}

/** Where the file is made: behind a link whose file is missing, one hop. conf would replace the link. */
function placeOf(path: string): string {
  try {
    const target = resolve(dirname(path), readlinkSync(path));
    return existsSync(path) ? path : target;
  } catch {
    return path;
  }
}

/** Opens nothing yet: the folder is made (0700) and the file written (0600, by conf) at the first change. */
export function createKeptFile({ dir, name }: { dir: string | undefined; name: string }): KeptFile {
  const path = dir === undefined ? undefined : join(dir, `${name}.json`);
  const homeless = `There is no home folder to keep ${name}.json in. Set HOME or XDG_CONFIG_HOME.`;
  let problem: string | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const noted = (why: string): Kept => {
    problem = why;
    return { kept: false, why };
  };

  const unwritten = (error: unknown) =>
    noted(`${path} can't be written: ${fileTrouble(error, "XDG_CONFIG_HOME")}`);

  const changeNow = async (edit: (content: Record<string, unknown>) => void): Promise<Kept> => {
    if (dir === undefined || path === undefined) return noted(homeless);
    try {
      await makeFolder(dir);
      const place = placeOf(path);
      await makeFolder(dirname(place));
      // Before taking the lock, for which others wait: loading may take longer than writing.
      const { Conf } = await import("./conf.ts");
      const result = await locked(path, PATIENCE, () => rewrite(Conf, place, edit, noted));
      if (result.kept) problem = undefined;
      return result;
    } catch (error) {
      return unwritten(error);
    }
  };

  const isWritable = async (): Promise<Kept> => {
    if (dir === undefined || path === undefined) return noted(homeless);
    const found = load(path);
    if (found.kind === "broken") return noted(found.why);
    try {
      await makeFolder(dir);
      const there = dirname(placeOf(path));
      await makeFolder(there);
      await promises.access(there, constants.W_OK | constants.X_OK);
      return { kept: true };
    } catch (error) {
      return unwritten(error);
    }
  };

  return {
    path,
    get problem() {
      return problem;
    },
    read: () => {
      if (path === undefined) return {};
      const found = load(path);
      problem = found.kind === "broken" ? found.why : undefined;
      return found.kind === "read" ? found.content : {};
    },
    change: (edit) => {
      const result = last.then(() => changeNow(edit));
      last = result;
      return result;
    },
    isWritable,
  };
}

function rewrite(
  Conf: typeof ConfType,
  path: string,
  edit: (content: Record<string, unknown>) => void,
  noted: (why: string) => Kept,
): Kept {
  // Read again under the lock: another process may have written. A broken file may hold tokens, so it is not replaced.
  const found = load(path);
  if (found.kind === "broken") return noted(found.why);
  const conf = new Conf<Record<string, unknown>>({
    cwd: dirname(path),
    configName: basename(path),
    fileExtension: "",
    projectName: "ai-chat",
    projectSuffix: "",
    accessPropertiesByDotNotation: false,
    configFileMode: 0o600,
    // conf itself rejects an empty file.
    deserialize: () => found.content,
  });
  edit(found.content);
  conf.store = found.content;
  return { kept: true };
}
