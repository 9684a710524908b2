import { constants } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, isMissing } from "../../disk/errors.ts";
import { openImageFolder, type ImageFolder } from "./image-folder.ts";
import { imagesFolder } from "./images.ts";
import { troubleOf, Unreadable, type Handle, type OpenFile } from "./open-file.ts";

/** The result of reading a file; `why` continues a sentence that begins with its path. */
export type Reading<T> =
  | { kind: "read"; value: T }
  | { kind: "missing" }
  | { kind: "unreadable"; why: string };

/** The files of saved conversations, read only. `onProblem` is called once for each broken file. */
export interface Folder {
  /** `undefined` where there is no folder. */
  pathOf(id: string): string | undefined;
  /** The images of a conversation; `undefined` where there is no folder. */
  imagesOf(id: string): ImageFolder | undefined;
  /** Every conversation's id, in no order. */
  ids(): Promise<string[]>;
  /** The same, latest change first, with its time in milliseconds. */
  idsByChange(): Promise<{ id: string; changed: number }[]>;
  /** Reports a problem of one conversation's file; `what` continues a sentence that begins with its path. */
  tell(id: string, what: string): void;
  /** Opens a file while `use` runs. */
  read<T>(id: string, use: (handle: Handle, size: number) => Promise<T>): Promise<Reading<T>>;
}

interface FolderOptions {
  dir: string | undefined;
  open: OpenFile;
  onProblem: (why: string) => void;
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** A new conversation's id: 8 of a–z 0–9 (docs/cli.md#conversations). */
export function newId(): string {
  // Not imported: it takes 2 ms, and the session needs it for its first question.
  const { randomInt } = process.getBuiltinModule("node:crypto");
  return Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join("");
}

export const isId = (text: string): boolean => /^[a-z0-9]{8}$/.test(text);

const idOfFile = (name: string): string | undefined => /^([a-z0-9]{8})\.jsonl$/.exec(name)?.[1];

/** Files that are read at the same time. */
const SIDE_BY_SIDE = 16;

/** Maps in order, a few at a time: thousands of files must not take thousands of descriptors. */
export async function mapFew<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results = Array.from<R>({ length: items.length });
  const entries = items.entries();
  const work = async () => {
    for (const [at, item] of entries) results[at] = await map(item);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  return results;
}

/** The same as a generator, for callers that may stop early. */
export async function* mapAhead<T, R>(
  items: readonly T[],
  map: (item: T) => Promise<R>,
  few = SIDE_BY_SIDE,
): AsyncGenerator<R, void, undefined> {
  for (let at = 0; at < items.length; at += few) yield* await Promise.all(items.slice(at, at + few).map(map));
}

export function createFolder({ dir, open, onProblem }: FolderOptions): Folder {
  const told = new Set<string>();
  const tellOf = (path: string, what: string) => {
    if (told.has(path)) return;
    told.add(path);
    onProblem(`${path} ${what}`);
  };
  const pathOf = (id: string) => (dir === undefined ? undefined : join(dir, `${id}.jsonl`));

  const ids = async () => {
    if (dir === undefined) return [];
    try {
      return (await readdir(dir)).map(idOfFile).filter((id) => id !== undefined);
    } catch (error) {
      if (!isMissing(error)) tellOf(dir, `can't be read: ${troubleOf(error)}`);
      return [];
    }
  };

  const changeOf = async (id: string) => {
    try {
      return { id, changed: (await stat(pathOf(id) ?? "")).mtimeMs };
    } catch {
      // Deleted since, or unreadable: `read` reports that.
      return { id, changed: 0 };
    }
  };

  return {
    pathOf,
    imagesOf: (id) => (dir === undefined ? undefined : openImageFolder(join(dir, imagesFolder(id)))),
    ids,
    idsByChange: async () => (await mapFew(await ids(), changeOf)).sort((a, b) => b.changed - a.changed),
    tell: (id, what) => tellOf(pathOf(id) ?? id, what),
    read: async (id, use) => {
      let handle: Handle | undefined;
      try {
        handle = await open(pathOf(id) ?? "", constants.O_RDONLY);
        const { size } = await handle.stat();
        // Its first turn is being written, or could not be written.
        if (size === 0) return { kind: "missing" };
        return { kind: "read", value: await use(handle, size) };
      } catch (error) {
        if (isMissing(error)) return { kind: "missing" };
        if (error instanceof Unreadable) return { kind: "unreadable", why: error.message };
        if (errorCode(error) === undefined) throw error;
        return { kind: "unreadable", why: `can't be read: ${troubleOf(error)}` };
      } finally {
        await handle?.close();
      }
    },
  };
}
