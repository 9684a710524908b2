import { edit } from "../composer/editor.ts";
import type { EditorState } from "../composer/editor-state.ts";
import {
  createSearch,
  foundText,
  searchFor,
  searchOlder,
  type HistorySearch,
  type HistoryWalk,
} from "../composer/history.ts";
import { keptText } from "../composer/kept-text.ts";
import { commandInList, type Keymap } from "../composer/keymap.ts";
import type { Key } from "../terminal/key.ts";

/** A search in the history with Ctrl-R, and the composer before it. */
export interface Searching {
  search: HistorySearch;
  before: EditorState;
}

/** The state after a key. `over`: the search has ended; `again`: the key is still to be handled by the composer. */
export type Searched =
  | { kind: "searching"; searching: Searching; editor: EditorState }
  | { kind: "over"; editor: EditorState; again: boolean };

export function beginSearch(editor: EditorState, { entries }: HistoryWalk): Searching {
  return { search: createSearch(entries), before: editor };
}

/** One key while searching; pure. Enter takes the match but does not send it, because a question costs tokens. */
export function pressInSearch(searching: Searching, editor: EditorState, key: Key, keys: Keymap): Searched {
  const { search, before } = searching;
  const meaning = commandInList(key, keys);
  const to = (next: HistorySearch): Searched => {
    const text = foundText(next) ?? (next.query === "" ? keptText(before) : keptText(editor));
    return {
      kind: "searching",
      searching: { search: next, before },
      editor: edit(editor, { type: "recall", text }, 1),
    };
  };
  if (meaning === undefined) return to(search);
  if (meaning.kind === "session") {
    const { command } = meaning;
    if (command === "searchHistory") return to(searchOlder(search));
    if (command === "enter") return { kind: "over", editor, again: false };
    if (command === "escape" || command === "interrupt" || command === "openEditor")
      return { kind: "over", editor: before, again: false };
    return { kind: "over", editor, again: true };
  }
  const { action } = meaning;
  if (action.type === "insert") return to(searchFor(search, search.query + action.text));
  if (action.type === "backspace")
    return to(searchFor(search, Array.from(search.query).slice(0, -1).join("")));
  return { kind: "over", editor, again: true };
}

/** The text above the composer during a search. */
export function searchLine({ search: { query, found } }: Searching, keys: Keymap): string {
  const nothing = query !== "" && found === undefined ? " (no match)" : "";
  return `history: ${query}${nothing}   ${keys.labelOf("searchHistory")} older, Enter takes it, Esc goes back`;
}
