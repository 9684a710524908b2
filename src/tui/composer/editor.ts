import { insert, kill, orLineBefore, orLineBehind, paste, remove, replace, set, undo } from "./changes.ts";
import { fullText, moveTo, type EditorState } from "./editor-state.ts";
import { locate, offsetAt, wrapEditor } from "./layout.ts";
import { after, before, blankStart, lineEnd, lineStart, wordEnd, wordStart } from "./motions.ts";
import { cleanText } from "./pasted.ts";

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
      return moveTo(state, MOTIONS[action.type](state.text, state.cursor));
  }
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
