import { cleanText, expandMarks, type Pasted } from "./pasted.ts";

/** The text being written. A large paste is one character of `text`; fullText() has it whole. */
export type EditorState = {
  readonly text: string;
  /** UTF-16 offset in the text, always between two graphemes. */
  readonly cursor: number;
  readonly pastes: readonly Pasted[];
  /** Whether the text begins with something pasted: then it is no command, even with a slash in front. */
  readonly literal: boolean;
  /** What Ctrl-Y brings back. */
  readonly killed: string;
  readonly undo: readonly Snapshot[];
  /** The cell that Up and Down keep to. */
  readonly goal: number | undefined;
  /** The kind of the edit before, which the next may continue. */
  readonly last: "typing" | "killing" | "other";
};

/** What undo brings back. */
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

/** The text as it is sent: pastes whole. */
export function fullText({ text, pastes }: EditorState): string {
  return expandMarks(text, pastes);
}

/** The cursor elsewhere; the very same state where it stands there. */
export function moveTo(state: EditorState, cursor: number): EditorState {
  if (cursor === state.cursor) return state;
  return { ...state, cursor, goal: undefined, last: "other" };
}
