import { cleanText, expandMarks, marked, type MarkedFile, type Pasted } from "./pasted.ts";

/** The text being written. A large paste is one character of `text`; fullText() expands it. */
export type EditorState = {
  readonly text: string;
  /** UTF-16 offset in the text, always between two graphemes. */
  readonly cursor: number;
  readonly pastes: readonly Pasted[];
  /** Where an `@` was typed whose name is typed too: what is pasted names no file. See mentions.ts. */
  readonly mentions: readonly number[];
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
    mentions: [],
    literal: false,
    killed: "",
    undo: [],
    goal: undefined,
    last: "other",
  };
}

/** The text as it is sent, with whole pastes; a file is its name behind an `@`. */
export function fullText({ text, pastes }: Pick<EditorState, "text" | "pastes">): string {
  return expandMarks(text, pastes);
}

/** The files that the text names, each once. */
export const filesIn = ({ text, pastes }: Pick<EditorState, "text" | "pastes">): MarkedFile[] =>
  marked(text, pastes).flatMap(({ file }) => file ?? []);

/** A question and the files that it names. */
export const withBlocks = (question: string, blocks: readonly string[]): string =>
  blocks.length === 0 ? question : [question.trimEnd(), ...blocks].join("\n\n");

/** The question as it was sent, with its files. */
export const sentText = (state: EditorState): string =>
  withBlocks(
    fullText(state),
    filesIn(state).flatMap(({ block }) => block ?? []),
  );

/** Moves the cursor; returns the same object if it is there already. */
export function moveTo(state: EditorState, cursor: number): EditorState {
  if (cursor === state.cursor) return state;
  return { ...state, cursor, goal: undefined, last: "other" };
}
