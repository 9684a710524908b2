import { cleanText, expandMarks, type Pasted } from "./pasted.ts";

/** The text being written. A large paste is one character of `text`; fullText() expands it. */
export type EditorState = {
  readonly text: string;
  /** UTF-16 offset in the text, always between two graphemes. */
  readonly cursor: number;
  readonly pastes: readonly Pasted[];
  /** Whether the text begins with something pasted: then it is no command, even if it begins with a slash. */
  readonly literal: boolean;
  /** What Ctrl-Y inserts. */
  readonly killed: string;
  readonly undo: readonly Snapshot[];
  /** The column that Up and Down keep. */
  readonly goal: number | undefined;
  /** The kind of the last edit, which the next may continue. */
  readonly last: "typing" | "killing" | "other";
};

/** What undo restores. */
type Snapshot = { text: string; cursor: number; literal: boolean };

/** An editor with text in it and the cursor at its end. */
export function createEditor(text = ""): EditorState {
  const clean = cleanText(text);
  return {
    text: clean,
    cursor: clean.length,
    pastes: [],
    literal: false,
    killed: "",
    undo: [],
    goal: undefined,
    last: "other",
  };
}

/** The text as it is sent, with whole pastes. */
export function fullText({ text, pastes }: EditorState): string {
  return expandMarks(text, pastes);
}

/** Moves the cursor; returns the same object if it is there already. */
export function moveTo(state: EditorState, cursor: number): EditorState {
  if (cursor === state.cursor) return state;
  return { ...state, cursor, goal: undefined, last: "other" };
}
