/** A position in the history: `at` counts from the oldest entry; after the newest comes the draft. */
export type HistoryWalk = {
  readonly entries: readonly string[];
  readonly at: number;
  readonly draft: string;
};

/** Starts at the draft. Entries are oldest first. */
export function createWalk(entries: readonly string[]): HistoryWalk {
  return { entries, at: entries.length, draft: "" };
}

export function textAt({ entries, at, draft }: HistoryWalk): string {
  return entries[at] ?? draft;
}

/** Moves to the next older entry, and keeps `current` if it is the draft. Undefined if there is none. */
export function older(walk: HistoryWalk, current: string): HistoryWalk | undefined {
  if (walk.at === 0) return undefined;
  return { ...walk, at: walk.at - 1, draft: walk.at === walk.entries.length ? current : walk.draft };
}

/** Moves to the next newer entry or the draft. Undefined if it is at the draft. */
export function newer(walk: HistoryWalk): HistoryWalk | undefined {
  return walk.at === walk.entries.length ? undefined : { ...walk, at: walk.at + 1 };
}

/** Adds a sent text, unless it repeats the last entry or must not be kept, and moves to the draft. */
export function remember({ entries }: HistoryWalk, sent: string): HistoryWalk {
  return createWalk(isKept(sent) && entries.at(-1) !== sent ? [...entries, sent] : entries);
}

/** Not kept: blank text and text that begins with a space (as with HISTCONTROL=ignorespace in a shell). */
export function isKept(entry: string): boolean {
  return entry.trim() !== "" && !entry.startsWith(" ");
}

/** A search with Ctrl-R. */
export type HistorySearch = {
  readonly entries: readonly string[];
  readonly query: string;
  /** The index of the match; undefined: no entry contains the query. */
  readonly found: number | undefined;
};

export function createSearch(entries: readonly string[]): HistorySearch {
  return { entries, query: "", found: undefined };
}

/** Searches for another query. The match stays if it contains that too; else the next older match is taken. */
export function searchFor(search: HistorySearch, query: string): HistorySearch {
  if (query === "") return createSearch(search.entries);
  // A shorter query may match newer entries.
  const from = query.startsWith(search.query)
    ? (search.found ?? search.entries.length - 1)
    : search.entries.length - 1;
  const isStuck = search.query !== "" && search.found === undefined && query.startsWith(search.query);
  return { ...search, query, found: isStuck ? undefined : findBack(search.entries, query, from) };
}

/** Moves to the next older match with a different text; returns the same object if there is none. */
export function searchOlder(search: HistorySearch): HistorySearch {
  const { entries, query, found } = search;
  if (query === "" || found === undefined) return search;
  let next = findBack(entries, query, found - 1);
  while (next !== undefined && entries[next] === entries[found]) next = findBack(entries, query, next - 1);
  return next === undefined ? search : { ...search, found: next };
}

export function foundText({ entries, found }: HistorySearch): string | undefined {
  return found === undefined ? undefined : entries[found];
}

/** Ignores case unless the query has capitals. */
function findBack(entries: readonly string[], query: string, from: number): number | undefined {
  const ignoresCase = query === query.toLowerCase();
  for (let at = from; at >= 0; at--) {
    const entry = ignoresCase ? entries[at]!.toLowerCase() : entries[at]!;
    if (entry.includes(query)) return at;
  }
  return undefined;
}
