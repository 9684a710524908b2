/** Where one is in the history: `at` counts from the oldest entry; behind the newest is the draft. */
export type HistoryWalk = {
  readonly entries: readonly string[];
  readonly at: number;
  readonly draft: string;
};

/** A walk that begins at the draft. Entries are oldest first. */
export function createWalk(entries: readonly string[]): HistoryWalk {
  return { entries, at: entries.length, draft: "" };
}

/** The entry's text, or the draft. */
export function textAt({ entries, at, draft }: HistoryWalk): string {
  return entries[at] ?? draft;
}

/** One entry back; the text that stands in the composer now is kept if it is the draft. Undefined: there is none older. */
export function older(walk: HistoryWalk, current: string): HistoryWalk | undefined {
  if (walk.at === 0) return undefined;
  return { ...walk, at: walk.at - 1, draft: walk.at === walk.entries.length ? current : walk.draft };
}

/** One entry on, at last the draft as it was. Undefined: this is the draft. */
export function newer(walk: HistoryWalk): HistoryWalk | undefined {
  return walk.at === walk.entries.length ? undefined : { ...walk, at: walk.at + 1 };
}

/** The history with what was sent at its end, unless it is the same as before or isKept() says no; back at the draft. */
export function remember({ entries }: HistoryWalk, sent: string): HistoryWalk {
  return createWalk(isKept(sent) && entries.at(-1) !== sent ? [...entries, sent] : entries);
}

/** Blank text isn't kept, nor what begins with a space: that is how a shell is told to forget. */
export function isKept(entry: string): boolean {
  return entry.trim() !== "" && !entry.startsWith(" ");
}

/** Ctrl-R: the newest entry before `from` that holds the query. */
export type HistorySearch = {
  readonly entries: readonly string[];
  readonly query: string;
  /** The index of the entry found; undefined: nothing holds the query. */
  readonly found: number | undefined;
};

/** A search for nothing yet. */
export function createSearch(entries: readonly string[]): HistorySearch {
  return { entries, query: "", found: undefined };
}

/** The search for another query: the entry found stays while it holds that too, else the next older one that does. */
export function searchFor(search: HistorySearch, query: string): HistorySearch {
  if (query === "") return createSearch(search.entries);
  // A shorter query may be in newer entries than the one found.
  const from = query.startsWith(search.query)
    ? (search.found ?? search.entries.length - 1)
    : search.entries.length - 1;
  const isStuck = search.query !== "" && search.found === undefined && query.startsWith(search.query);
  return { ...search, query, found: isStuck ? undefined : findBack(search.entries, query, from) };
}

/** The next older entry of another text that holds the query; the same search when there is none. */
export function searchOlder(search: HistorySearch): HistorySearch {
  const { entries, query, found } = search;
  if (query === "" || found === undefined) return search;
  let next = findBack(entries, query, found - 1);
  while (next !== undefined && entries[next] === entries[found]) next = findBack(entries, query, next - 1);
  return next === undefined ? search : { ...search, found: next };
}

/** The text found. */
export function foundText({ entries, found }: HistorySearch): string | undefined {
  return found === undefined ? undefined : entries[found];
}

/** Without regard to case unless the query has capitals. */
function findBack(entries: readonly string[], query: string, from: number): number | undefined {
  const ignoresCase = query === query.toLowerCase();
  for (let at = from; at >= 0; at--) {
    const entry = ignoresCase ? entries[at]!.toLowerCase() : entries[at]!;
    if (entry.includes(query)) return at;
  }
  return undefined;
}
