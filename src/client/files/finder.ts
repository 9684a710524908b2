import { go, prepare, type Prepared } from "fuzzysort";
import { findFile, pathOf, type Places } from "./find-file.ts";
import { listFiles, listFolder } from "./list-files.ts";
import { readFile, type FileRead } from "./read-file.ts";

/** Files under the names that a person types behind an `@`. */
export interface Finder {
  /**
   * The name of the file that a word means: the whole word, or the word without the punctuation behind it, such as in
   * `look at @app.ts, please`. A name may end with lines (`#20-45`). Undefined if there is no such file; a folder is none.
   */
  named(word: string): Promise<string | undefined>;
  /** Reads it: at most `most` characters. Never rejects. */
  read(name: string, most: number): Promise<FileRead>;
  /** Names that may be meant, the best first. Those of folders end with `/`. Never rejects. */
  complete(typed: string): Promise<readonly string[]>;
}

interface FinderOptions extends Places {
  /** The file of what git ignores everywhere. */
  ignored?: string | undefined;
}

/** Punctuation behind a name that is no part of it. */
const PUNCTUATION = /[.,;:!?)\]}>'"]+$/;

/** Names that are offered at once. */
const MOST_OFFERED = 50;
/** Milliseconds after which the folder is listed again. */
const FRESH_MS = 5_000;

/** A path outside the working folder, or one that says how it is meant: its folder alone is listed. */
const OUTSIDE = /^(?:\.{1,2}|~)?[/\\]|^(?:\.\.|~)$/;

export function createFinder({ ignored, ...places }: FinderOptions): Finder {
  let listed: { at: number; names: Promise<Prepared[]> } | undefined;

  const list = async () => (await listFiles(places.working, ignored)).map((name) => prepare(name));

  /** The last list, while another one is made. */
  const names = (): Promise<Prepared[]> => {
    const now = Date.now();
    if (listed === undefined) listed = { at: now, names: list() };
    else if (now - listed.at > FRESH_MS) {
      const { names: before } = listed;
      const next = { at: now, names: before };
      listed = next;
      void list().then((made) => (next.names = Promise.resolve(made)));
    }
    return listed.names;
  };

  const best = (typed: string, all: readonly (string | Prepared)[]): string[] => {
    if (typed !== "") {
      const found = go(typed, all as Prepared[], { limit: MOST_OFFERED, threshold: 0.2 });
      return found.map(({ target }) => target);
    }
    return all.slice(0, MOST_OFFERED).map((one) => (typeof one === "string" ? one : one.target));
  };

  const inFolderOf = async (typed: string): Promise<string[]> => {
    const end = Math.max(typed.lastIndexOf("/"), typed.lastIndexOf("\\")) + 1;
    const [prefix, begun] = end === 0 ? [`${typed}/`, ""] : [typed.slice(0, end), typed.slice(end)];
    const all = await listFolder(pathOf(prefix, places));
    const shown = begun.startsWith(".") ? all : all.filter((name) => !name.startsWith("."));
    return best(begun, shown).map((name) => prefix + name);
  };

  return {
    async named(word) {
      for (const name of new Set([word, word.replace(PUNCTUATION, "")]))
        if (name !== "" && (await findFile(name, places))?.kind === "file") return name;
      return undefined;
    },
    async read(name, most) {
      const found = await findFile(name, places);
      return readFile(found?.file ?? { name, path: pathOf(name, places) }, most);
    },
    async complete(typed) {
      if (OUTSIDE.test(typed)) return inFolderOf(typed);
      const found = best(typed, await names());
      return found.length > 0 || !typed.includes("/") ? found : inFolderOf(typed);
    },
  };
}
