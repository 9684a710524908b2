import { createWordFinder } from "../../client/conversations/words.ts";
import { edit } from "../composer/editor.ts";
import { createEditor, type EditorState } from "../composer/editor-state.ts";
import { commandInList, defaultKeymap } from "../composer/keymap.ts";
import type { Choice, FoundChoice } from "../../session/finding.ts";
import type { Key } from "../terminal/key.ts";

/** A list of conversations, models, roles, versions or texts to copy, filtered by what is typed. */
export interface Picker {
  of: "conversations" | "models" | "roles" | "versions" | "texts";
  choices: readonly Choice[];
  editor: EditorState;
  index: number;
  /** The first one that is shown, if there is room for the chosen one below it. */
  top: number;
  /** The conversations whose turns hold the typed words, in the order in which they were found. */
  found: readonly FoundChoice[];
  /** Turns are still being searched. */
  isSearching: boolean;
}

export type Picked = { kind: "open"; picker: Picker } | { kind: "closed" } | { kind: "chosen"; id: string };

export function createPicker(choices: readonly Choice[], of: Picker["of"] = "conversations"): Picker {
  return { of, choices, editor: createEditor(), index: 0, top: 0, found: [], isSearching: false };
}

/**
 * The choices whose title, ID, detail or first words hold every typed word, and behind them, so that none moves, those
 * whose turns do.
 */
export function picked({ choices, editor, found }: Picker): Choice[] {
  const finder = createWordFinder(editor.text);
  if (finder === undefined) return [...choices];
  const named = choices.filter(
    ({ id, title, detail, words }) =>
      finder.find(`${title} ${[detail].flat().join(" ")} ${words} ${id}`)?.words.size === finder.count,
  );
  const known = new Map(choices.map((choice) => [choice.id, choice]));
  for (const { id } of named) known.delete(id);
  const others = found.flatMap((one) => {
    const choice = known.get(one.id);
    return choice === undefined ? [] : [{ ...choice, ...one }];
  });
  return [...named, ...others];
}

/** Keys that move by more than one choice: by how many pages, or to an end. */
const leaps = new Map<string, number>([
  ["pageup", -1],
  ["pagedown", 1],
  ["home", -Infinity],
  ["end", Infinity],
]);

/** One key in the list; pure. `page`: the number of choices that the screen shows. */
export function pressInPicker(picker: Picker, key: Key, page: number, keys = defaultKeymap): Picked {
  const open = (change: Partial<Picker>): Picked => ({ kind: "open", picker: { ...picker, ...change } });
  const shown = picked(picker);
  const within = (at: number, last: number) => Math.max(0, Math.min(last, at));
  /** A leap takes the part that is shown along. */
  const move = (by: number, scrolled: number) => {
    const index = within(picker.index + by, shown.length - 1);
    const top = within(picker.top + scrolled, shown.length - page);
    return open({ index, top: Math.min(Math.max(top, index - page + 1), index) });
  };
  const leap = key.ctrl || key.alt || key.shift ? undefined : leaps.get(key.name);
  if (leap !== undefined) return move(leap * page, leap * page);
  const meaning = commandInList(key, keys);
  if (meaning === undefined) return open({});
  if (meaning.kind === "session") {
    const { command } = meaning;
    const chosen = shown[picker.index];
    if (command === "enter") return chosen === undefined ? open({}) : { kind: "chosen", id: chosen.id };
    if (command === "escape" || command === "interrupt") return { kind: "closed" };
    if (command === "deleteOrLeave" && picker.editor.text === "") return { kind: "closed" };
    return open({});
  }
  const { action } = meaning;
  const by = action.type === "up" ? -1 : action.type === "down" ? 1 : 0;
  if (by !== 0) return move(by, 0);
  if (action.type === "newline") return open({});
  return typed(picker, edit(picker.editor, action, 1));
}

/** The list after its filter was edited. */
export function typed(picker: Picker, editor: EditorState): Picked & { kind: "open" } {
  const isSame = editor.text === picker.editor.text;
  const change = isSame ? { editor } : { editor, index: 0, top: 0, found: [], isSearching: false };
  return { kind: "open", picker: { ...picker, ...change } };
}
