import { edit } from "../composer/editor.ts";
import { createEditor, type EditorState } from "../composer/editor-state.ts";
import { commandOf } from "../composer/keymap.ts";
import type { Choice } from "../../session/saving.ts";
import type { Key } from "../terminal/key.ts";

/** A list of conversations, models or versions, filtered by what is typed. */
export interface Picker {
  of: "conversations" | "models" | "versions";
  choices: readonly Choice[];
  editor: EditorState;
  index: number;
}

export type Picked = { kind: "open"; picker: Picker } | { kind: "closed" } | { kind: "chosen"; id: string };

export function createPicker(choices: readonly Choice[], of: Picker["of"] = "conversations"): Picker {
  return { of, choices, editor: createEditor(), index: 0 };
}

/** The choices whose title, ID, detail or first words contain every typed word, ignoring case. */
export function picked({ choices, editor }: Picker): Choice[] {
  const words = editor.text.toLowerCase().split(/\s+/);
  return choices.filter(({ id, title, detail, words: first }) => {
    const text = `${title} ${[detail].flat().join(" ")} ${first} ${id}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** One key in the list; pure. */
export function pressInPicker(picker: Picker, key: Key): Picked {
  const open = (change: Partial<Picker>): Picked => ({ kind: "open", picker: { ...picker, ...change } });
  const meaning = commandOf(key);
  if (meaning === undefined) return open({});
  const shown = picked(picker);
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
  if (by !== 0) return open({ index: Math.max(0, Math.min(shown.length - 1, picker.index + by)) });
  if (action.type === "newline") return open({});
  return open({ editor: edit(picker.editor, action, 1), index: 0 });
}
