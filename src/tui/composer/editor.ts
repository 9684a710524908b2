import { locate, offsetAt, wrapEditor } from "./layout.ts";
import { after, before, blankStart, lineEnd, lineStart, wordEnd, wordStart } from "./motions.ts";
import { cleanText, expandMarks, isLarge, nextMark } from "./pasted.ts";

/** The text being written. A large paste is one character of `text`; fullText() has it whole. */
export type EditorState = {
  readonly text: string;
  /** UTF-16 offset in the text, always between two graphemes. */
  readonly cursor: number;
  readonly pastes: readonly string[];
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

type Snapshot = { text: string; cursor: number; literal: boolean };

/** What can be done to the text. `set` replaces it whole (history, the question to edit, "" to clear). */
export type EditorAction =
  | { type: "insert" | "paste" | "set"; text: string }
  | { type: Deletion | Motion | "newline" | "yank" | "undo" };

type Motion =
  | "left"
  | "right"
  | "wordLeft"
  | "wordRight"
  | "home"
  | "end"
  | "textStart"
  | "textEnd"
  | "up"
  | "down";
type Deletion =
  | "backspace"
  | "delete"
  | "killLineStart"
  | "killLineEnd"
  | "killBlankWord"
  | "killWordBefore"
  | "killWordAfter";

const MOST_UNDO = 200;
/** Characters from which on a text that is put in whole stands as one line, as a paste does: each key costs a look at all. */
const MOST_SHOWN = 100_000;

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

/**
 * Does one action; the very same state when it changes nothing, so that Up in the first row can go to the history.
 * Only Up and Down look at `columns`, the width at which the text is wrapped.
 */
export function edit(state: EditorState, action: EditorAction, columns: number): EditorState {
  switch (action.type) {
    case "insert":
      return insert(state, cleanText(action.text), false);
    case "paste":
      return paste(state, cleanText(action.text));
    case "set":
      return set(state, cleanText(action.text));
    case "newline":
      return insert(state, "\n", false);
    case "yank":
      return insert(state, state.killed, false);
    case "undo":
      return undo(state);
    case "backspace":
      return remove(state, before(state.text, state.cursor), state.cursor);
    case "delete":
      return remove(state, state.cursor, after(state.text, state.cursor));
    case "killLineStart":
      return kill(state, orLineBefore(state, lineStart(state.text, state.cursor)));
    case "killLineEnd":
      return kill(state, orLineBehind(state, lineEnd(state.text, state.cursor)));
    case "killBlankWord":
      return kill(state, blankStart(state.text, state.cursor));
    case "killWordBefore":
      return kill(state, wordStart(state.text, state.cursor));
    case "killWordAfter":
      return kill(state, wordEnd(state.text, state.cursor));
    case "up":
    case "down":
      return moveRow(state, action.type === "up" ? -1 : 1, columns);
    case "left":
    case "right":
    case "wordLeft":
    case "wordRight":
    case "home":
    case "end":
    case "textStart":
    case "textEnd":
      return move(state, MOTIONS[action.type](state.text, state.cursor));
  }
}

/** The text as it is sent: pastes whole. */
export function fullText({ text, pastes }: EditorState): string {
  return expandMarks(text, pastes);
}

/** What Enter does: send the text, or, behind a backslash, go on in a new line. */
export type EnterOutcome = { kind: "send"; text: string } | { kind: "continue"; state: EditorState };

export function pressEnter(state: EditorState): EnterOutcome {
  const { text, cursor } = state;
  if (text[cursor - 1] !== "\\") return { kind: "send", text: fullText(state) };
  return { kind: "continue", state: replace(state, cursor - 1, cursor, "\n", "other") };
}

const MOTIONS: Record<Exclude<Motion, "up" | "down">, (text: string, cursor: number) => number> = {
  left: before,
  right: after,
  wordLeft: wordStart,
  wordRight: wordEnd,
  home: lineStart,
  end: lineEnd,
  textStart: () => 0,
  textEnd: (text) => text.length,
};

function move(state: EditorState, cursor: number): EditorState {
  if (cursor === state.cursor) return state;
  return { ...state, cursor, goal: undefined, last: "other" };
}

function moveRow(state: EditorState, by: -1 | 1, columns: number): EditorState {
  const rows = wrapEditor(state, columns);
  const { x, y } = locate(state, rows, columns);
  const row = rows[y + by];
  if (!row) return state;
  const goal = state.goal ?? x;
  const cursor = offsetAt(row, goal, state, columns);
  // The end of a row that goes on below is the beginning of the next: stay in the row that was asked for.
  const isWrapped = cursor === row.end && rows[y + by + 1]?.start === row.end && row.end > row.start;
  return { ...state, cursor: isWrapped ? before(state.text, cursor) : cursor, goal, last: "other" };
}

function insert(state: EditorState, text: string, pasted: boolean): EditorState {
  if (text === "") return state;
  const next = replace(state, state.cursor, state.cursor, text, text === "\n" || pasted ? "other" : "typing");
  return state.cursor === 0 && pasted ? { ...next, literal: true } : next;
}

function paste(state: EditorState, text: string): EditorState {
  const mark = isLarge(text) ? nextMark(state.pastes) : undefined;
  if (mark === undefined) return insert(state, text, true);
  return insert({ ...state, pastes: [...state.pastes, text] }, mark, true);
}

function set(state: EditorState, text: string): EditorState {
  if (text === state.text) return move(state, text.length);
  const mark = text.length > MOST_SHOWN ? nextMark(state.pastes) : undefined;
  const pastes = mark === undefined ? state.pastes : [...state.pastes, text];
  return { ...replace({ ...state, pastes }, 0, state.text.length, mark ?? text, "other"), literal: false };
}

function remove(state: EditorState, from: number, to: number): EditorState {
  return from === to ? state : replace(state, from, to, "", "other");
}

/** Removes what lies between the cursor and an offset, for Ctrl-Y; kills in a row are brought back together. */
function kill(state: EditorState, to: number): EditorState {
  const { text, cursor, last, killed } = state;
  if (to === cursor) return state;
  const part = text.slice(Math.min(to, cursor), Math.max(to, cursor));
  const earlier = last === "killing" ? killed : "";
  const next = replace(state, Math.min(to, cursor), Math.max(to, cursor), "", "killing");
  return { ...next, killed: to < cursor ? part + earlier : earlier + part };
}

/** At the beginning of a line, Ctrl-U joins it to the one before; at its end, Ctrl-K to the one behind. */
function orLineBefore({ cursor }: EditorState, to: number): number {
  return to === cursor ? Math.max(0, cursor - 1) : to;
}

function orLineBehind({ text, cursor }: EditorState, to: number): number {
  return to === cursor ? Math.min(text.length, cursor + 1) : to;
}

function replace(
  state: EditorState,
  from: number,
  to: number,
  text: string,
  last: EditorState["last"],
): EditorState {
  const next = state.text.slice(0, from) + text + state.text.slice(to);
  // A word typed in one go is undone in one go.
  const continues = last === "typing" && state.last === "typing" && !/\s/.test(text);
  const { literal, cursor } = state;
  return {
    ...state,
    text: next,
    cursor: from + text.length,
    literal: literal && from > 0 && next !== "",
    undo: continues
      ? state.undo
      : [...state.undo.slice(1 - MOST_UNDO), { text: state.text, cursor, literal }],
    goal: undefined,
    last,
  };
}

function undo(state: EditorState): EditorState {
  const snapshot = state.undo.at(-1);
  if (!snapshot) return state;
  return { ...state, ...snapshot, undo: state.undo.slice(0, -1), goal: undefined, last: "other" };
}
