import { moveTo, type EditorState } from "./editor-state.ts";
import { beginsMention, mentionsAfter } from "./mentions.ts";
import { isLarge, nextMark, pasted as labelled } from "./pasted.ts";

const MOST_UNDO = 200;
/** A longer text becomes a mark, as a paste does: each key press lays out the whole text. */
const MOST_SHOWN = 100_000;

/** Inserts text at the cursor. A text that begins with something pasted is literal. Only keys (`typed`) name files. */
export function insert(state: EditorState, text: string, by: "typed" | "pasted" | "other"): EditorState {
  if (text === "") return state;
  const { cursor } = state;
  const last = text === "\n" || by === "pasted" ? "other" : "typing";
  const next = replace(state, cursor, cursor, text, last, by === "typed");
  if (by === "typed" && beginsMention(state, text)) return { ...next, mentions: [...next.mentions, cursor] };
  return cursor === 0 && by === "pasted" ? { ...next, literal: true } : next;
}

/** Inserts pasted text; a large one as a mark. */
export function paste(state: EditorState, text: string): EditorState {
  const mark = isLarge(text) ? nextMark(state.pastes) : undefined;
  if (mark === undefined) return insert(state, text, "pasted");
  return insert({ ...state, pastes: [...state.pastes, labelled(text)] }, mark, "pasted");
}

/** Inserts text as one mark that shows it. */
export function insertWhole(state: EditorState, text: string): EditorState {
  const mark = nextMark(state.pastes);
  if (mark === undefined) return insert(state, text, "pasted");
  return insert({ ...state, pastes: [...state.pastes, { text, label: text }] }, mark, "pasted");
}

/** Replaces the whole text; a very long one becomes a mark. */
export function set(state: EditorState, text: string): EditorState {
  if (text === state.text) return moveTo(state, text.length);
  const mark = text.length > MOST_SHOWN ? nextMark(state.pastes) : undefined;
  const pastes = mark === undefined ? state.pastes : [...state.pastes, labelled(text)];
  const next = replace({ ...state, pastes }, 0, state.text.length, mark ?? text, "other");
  return { ...next, literal: false, mentions: [] };
}

/** Deletes the text between two offsets. */
export function remove(state: EditorState, from: number, to: number): EditorState {
  return from === to ? state : replace(state, from, to, "", "other");
}

/** Cuts the text between the cursor and an offset, for Ctrl-Y. Consecutive cuts are inserted together. */
export function kill(state: EditorState, to: number): EditorState {
  const { text, cursor, last, killed } = state;
  if (to === cursor) return state;
  const part = text.slice(Math.min(to, cursor), Math.max(to, cursor));
  const earlier = last === "killing" ? killed : "";
  const next = replace(state, Math.min(to, cursor), Math.max(to, cursor), "", "killing");
  return { ...next, killed: to < cursor ? part + earlier : earlier + part };
}

/** Replaces a part of the text, and keeps the old one for undo. `isTyped`: the new part came from keys. */
export function replace(
  state: EditorState,
  from: number,
  to: number,
  text: string,
  last: EditorState["last"],
  isTyped = false,
): EditorState {
  const next = state.text.slice(0, from) + text + state.text.slice(to);
  // A typed word is undone in one step.
  const continues = last === "typing" && state.last === "typing" && !/\s/.test(text);
  const { literal, cursor } = state;
  return {
    ...state,
    text: next,
    cursor: from + text.length,
    mentions: mentionsAfter(state, { from, to, text, isTyped }),
    literal: literal && from > 0 && next !== "",
    undo: continues
      ? state.undo
      : [...state.undo.slice(1 - MOST_UNDO), { text: state.text, cursor, literal }],
    goal: undefined,
    last,
  };
}

/** Undoes the last change. */
export function undo(state: EditorState): EditorState {
  const snapshot = state.undo.at(-1);
  if (!snapshot) return state;
  return {
    ...state,
    ...snapshot,
    mentions: [],
    undo: state.undo.slice(0, -1),
    goal: undefined,
    last: "other",
  };
}
