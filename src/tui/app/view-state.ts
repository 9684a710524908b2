import { edit } from "../composer/editor.ts";
import { createEditor, sentText, type EditorState } from "../composer/editor-state.ts";
import { createWalk, type HistoryWalk } from "../composer/history.ts";
import { keptText } from "../composer/kept-text.ts";
import { mentionAtCursor } from "../composer/mentions.ts";
import type { ShownCommand } from "../../session/shown-command.ts";
import { completions } from "../../session/input.ts";
import type { Picker } from "./picker.ts";
import type { Searching } from "./search-keys.ts";

/** What a person is typing, and what the screen shows about it; not the conversation. */
export interface ViewState {
  editor: EditorState;
  /** What was sent last, with its pastes as marks. */
  sent?: EditorState;
  /** What was sent before with pastes or files in it, the latest first: a question comes back with its marks. */
  marked?: readonly EditorState[];
  walk: HistoryWalk;
  /** The names of files that may be meant by what was typed behind the `@` at this place. */
  offered?: { at: number; typed: string; names: readonly string[] };
  /** The user's prompts, for the menu; read once a slash is typed. */
  prompts?: readonly ShownCommand[];
  /** Which line of the menu is chosen; `closed` by Esc, or because the text came from the history. */
  menu: { index: number; closed: boolean };
  /** A sentence above the composer; goes with the next key. */
  hint: string | undefined;
  /** The text about which the hint warns: Enter again sends it. */
  sure: string | undefined;
  /** Enter was pressed while something was loading: the text is sent once that is over. */
  isWaiting: boolean;
  /** Ctrl-C was pressed on an empty line: once more leaves. */
  armed: boolean;
  /** Esc was pressed with nothing to stop or close: once more edits the last question. */
  escaped: boolean;
  /** Ctrl-R; the composer then shows what was found. */
  searching: Searching | undefined;
  /** Conversations to choose from, in place of the composer. */
  picker: Picker | undefined;
}

export function createView(history: readonly string[]): ViewState {
  return {
    editor: createEditor(),
    walk: createWalk(history),
    menu: { index: 0, closed: false },
    hint: undefined,
    sure: undefined,
    isWaiting: false,
    armed: false,
    escaped: false,
    searching: undefined,
    picker: undefined,
  };
}

/** The commands that the menu shows, none while it is closed. A pasted slash is text. */
export function menuItems({ editor, menu, searching, prompts }: ViewState): readonly ShownCommand[] {
  return menu.closed || editor.literal || searching !== undefined ? [] : completions(editor.text, prompts);
}

/** The files that the menu shows, none while it is closed. `isStale`: more was typed since they were found. */
export function fileItems({ editor, menu, searching, offered }: ViewState): {
  names: readonly string[];
  isStale: boolean;
} {
  const mention = menu.closed || searching !== undefined ? undefined : mentionAtCursor(editor);
  if (mention === undefined || offered?.at !== mention.at) return { names: [], isStale: false };
  return { names: offered.names, isStale: offered.typed !== mention.typed };
}

/** How many lines the menu has. */
export const menuLength = (view: ViewState): number => menuItems(view).length || fileItems(view).names.length;

/** Whether a question that was not answered comes back into the composer: no other text is there. */
export const comesBack = ({ editor }: ViewState, question: string): boolean =>
  editor.text === "" || sentText(editor).trim() === question.trim();

/**
 * Returns a question that was not answered to the composer, as it was there: a large paste stays a mark. If a text was typed
 * meanwhile, that stays, and the question is in the history.
 */
export function giveBack(view: ViewState, text: string): ViewState {
  const { editor, marked = [] } = view;
  if (sentText(editor).trim() === text.trim()) return view;
  if (!comesBack(view, text)) return { ...view, hint: "Kept: /retry sends it again, Up shows it." };
  const sent = marked.find((one) => sentText(one).trim() === text.trim());
  if (sent !== undefined) return { ...view, editor: { ...sent, cursor: sent.text.length } };
  return { ...view, editor: { ...edit(editor, { type: "set", text }, 1), literal: true } };
}

/** How many of what was sent come back with their marks. */
const MOST_MARKED = 20;

/** The view after a text was sent. */
export function withSent(view: ViewState, sent: EditorState): ViewState {
  const { marked = [] } = view;
  return {
    ...view,
    sent,
    marked: sent.pastes.length === 0 ? marked : [sent, ...marked].slice(0, MOST_MARKED),
  };
}

/** Returns a command that does not exist, or a prompt that was not sent. It stays a command, so that Enter does not send it as a question. */
export function giveCommandBack(view: ViewState, text: string, hint: string | undefined): ViewState {
  const editor = edit(view.editor, { type: "set", text }, 1);
  return { ...view, editor, menu: { index: 0, closed: true }, hint };
}

/** Cells of a composer row: two for its mark, one that is never used. */
export function composerColumns(columns: number): number {
  return Math.max(1, columns - 3);
}

/** The text to keep as a draft: during a search, the text before it. */
export function draftOf({ editor, searching }: ViewState): string {
  return keptText(searching?.before ?? editor);
}
