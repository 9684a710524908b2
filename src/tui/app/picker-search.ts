import type { FoundChoice } from "../../session/finding.ts";
import { picked, type Picker } from "./picker.ts";

/** Milliseconds without a key after which turns are searched. */
const PAUSE_MS = 120;
/** Shorter words are in nearly every conversation. */
const SHORTEST = 2;

/** Searches the turns of the conversations of an open list for what is typed there. */
export interface PickerSearch {
  /** Call it after each change of the list. */
  follow(picker: Picker | undefined): void;
  close(): void;
}

interface PickerSearchOptions {
  search: (text: string, ids: ReadonlySet<string>, signal: AbortSignal) => AsyncIterable<FoundChoice>;
  /** Changes the list that is open. */
  change: (edit: (picker: Picker) => Picker) => void;
  crash: (error: unknown) => void;
}

export function createPickerSearch({ search, change, crash }: PickerSearchOptions): PickerSearch {
  let text = "";
  let choices: Picker["choices"] = [];
  let timer: NodeJS.Timeout | undefined;
  let stop = new AbortController();
  /** What the last search that came to its end was for, and what was shown then: longer words are in no other ones. */
  let narrowed: { text: string; ids: ReadonlySet<string> } | undefined;

  const halt = () => {
    clearTimeout(timer);
    stop.abort();
    stop = new AbortController();
  };

  const all = () => new Set(choices.map(({ id }) => id));

  const run = async (wanted: string, { signal }: AbortController) => {
    const ids = narrowed && wanted.startsWith(narrowed.text) ? narrowed.ids : all();
    for await (const one of search(wanted, ids, signal)) {
      if (signal.aborted) return;
      change((picker) => ({ ...picker, found: [...picker.found, one] }));
    }
    if (signal.aborted) return;
    change((picker) => {
      narrowed = { text: wanted, ids: new Set(picked(picker).map(({ id }) => id)) };
      return { ...picker, isSearching: false };
    });
  };

  return {
    follow(picker) {
      const now = picker?.of === "conversations" ? picker.editor.text.trim() : "";
      if (picker !== undefined && picker.choices !== choices) {
        choices = picker.choices;
        narrowed = undefined;
      } else if (now === text) return;
      text = now;
      halt();
      if (now.length < SHORTEST) return;
      change((open) => ({ ...open, isSearching: true }));
      timer = setTimeout(() => void run(now, stop).catch(crash), PAUSE_MS);
    },
    close: halt,
  };
}
