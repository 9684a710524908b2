import { insert, insertWhole, kill, paste, remove, replace, set, undo } from "./changes.ts";
import { fullText, moveTo, type EditorState } from "./editor-state.ts";
import { locate, offsetAt, wrapEditor } from "./layout.ts";
import {
  after,
  backspaceStart,
  before,
  blankStart,
  killEnd,
  killStart,
  lineEnd,
  lineStart,
  wordEnd,
  wordStart,
} from "./motions.ts";
import { recall } from "./kept-text.ts";
import { cleanText } from "./pasted.ts";

/** One change of the text or move in it. `set` replaces the whole text (the question to edit, "" to clear), `recall` by what `keptText` made; `insertWhole` inserts what is deleted as one character. */
export type EditorAction =
  | { type: "insert"; text: string; isTyped?: boolean }
  | { type: "insertWhole" | "paste" | "set" | "recall"; text: string }
  | { type: keyof typeof motions | keyof typeof kills }
  | { type: "up" | "down" | "newline" | "backspace" | "delete" | "yank" | "undo" };

type Target = (text: string, cursor: number) => number;

/** Where the cursor goes. */
const motions = {
  left: before,
  right: after,
  wordLeft: wordStart,
  wordRight: wordEnd,
  home: lineStart,
  end: lineEnd,
  textStart: () => 0,
  textEnd: (text) => text.length,
} satisfies Record<string, Target>;

/** How far the text is cut. */
const kills = {
  killLineStart: killStart,
  killLineEnd: killEnd,
  killBlankWord: blankStart,
  killWordBefore: wordStart,
  killWordAfter: wordEnd,
} satisfies Record<string, Target>;

/**
 * Does one action. Returns the same object if nothing changes, so that Up in the first row can go to the history. Only
 * Up and Down use `columns`, the width at which the text is wrapped.
 */
export function edit(state: EditorState, action: EditorAction, columns: number): EditorState {
  const { text, cursor } = state;
  switch (action.type) {
    case "insert":
      return insert(state, cleanText(action.text), action.isTyped === true ? "typed" : "other");
    case "insertWhole":
      return insertWhole(state, cleanText(action.text));
    case "recall":
      return recall(state, action.text);
    case "paste":
      return paste(state, cleanText(action.text));
    case "set":
      return set(state, cleanText(action.text));
    case "newline":
      return insert(state, "\n", "typed");
    case "yank":
      return insert(state, state.killed, "other");
    case "undo":
      return undo(state);
    case "backspace":
      return remove(state, backspaceStart(text, cursor), cursor);
    case "delete":
      return remove(state, cursor, after(text, cursor));
    case "up":
    case "down":
      return moveRow(state, action.type === "up" ? -1 : 1, columns);
    case "killLineStart":
    case "killLineEnd":
    case "killBlankWord":
    case "killWordBefore":
    case "killWordAfter":
      return kill(state, kills[action.type](text, cursor));
    case "left":
    case "right":
    case "wordLeft":
    case "wordRight":
    case "home":
    case "end":
    case "textStart":
    case "textEnd":
      return moveTo(state, motions[action.type](text, cursor));
  }
}

/** What Enter does: it sends the text, or begins a new line after a backslash. */
export type EnterOutcome = { kind: "send"; text: string } | { kind: "continue"; state: EditorState };

export function pressEnter(state: EditorState): EnterOutcome {
  const { text, cursor } = state;
  if (text[cursor - 1] !== "\\") return { kind: "send", text: fullText(state) };
  return { kind: "continue", state: replace(state, cursor - 1, cursor, "\n", "other") };
}

function moveRow(state: EditorState, by: -1 | 1, columns: number): EditorState {
  const rows = wrapEditor(state, columns);
  const { x, y } = locate(state, rows, columns);
  const row = rows[y + by];
  if (!row) return state;
  const goal = state.goal ?? x;
  const cursor = offsetAt(row, goal, state, columns);
  // The end of a wrapped row is the beginning of the next: stay in the row above.
  const isWrapped = cursor === row.end && rows[y + by + 1]?.start === row.end && row.end > row.start;
  return { ...state, cursor: isWrapped ? before(state.text, cursor) : cursor, goal, last: "other" };
}
