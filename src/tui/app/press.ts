import { edit, pressEnter, type EditorAction } from "../composer/editor.ts";
import { createEditor, fullText } from "../composer/editor-state.ts";
import { attach, joinRanges } from "../composer/files.ts";
import { newer, older, remember, textAt } from "../composer/history.ts";
import { commandOf, defaultKeymap, type Keymap, type SessionCommand } from "../composer/keymap.ts";
import { keptText } from "../composer/kept-text.ts";
import { mentionAtCursor, mentionHere } from "../composer/mentions.ts";
import { isCompleted, type ShownCommand } from "../../session/shown-command.ts";
import { readInput } from "../../session/input.ts";
import type { Queue } from "../../session/state.ts";
import type { Key } from "../terminal/key.ts";
import { pressInPicker, typed, type Picked, type Picker } from "./picker.ts";
import { beginSearch, pressInSearch, type Searching } from "./search-keys.ts";
import { fileItems, menuItems, menuLength, withSent, type ViewState } from "./view-state.ts";

/** What the session has to do after a key. `literal`: the text is a question even if it begins with a slash. */
export type Effect =
  | { kind: "none" | "stop" | "leave" | "redraw" | "suspend" | "arm" }
  /** `editLast`: Esc was pressed twice; `escape`: once, with nothing to stop; `openEditor`: Ctrl-G; `pasteImage`: Ctrl-V. */
  | { kind: "editLast" | "escape" | "openEditor" | "pasteImage" }
  /** `takeBack`: the last question of the queue returns to the composer; `sendQueue`: a stopped queue goes on. */
  | { kind: "takeBack" | "sendQueue" }
  | { kind: "resume"; id: string }
  | { kind: "chooseModel"; name: string }
  | { kind: "chooseRole"; name: string }
  | { kind: "chooseVersion"; id: string }
  | { kind: "copy"; id: string }
  | { kind: "send"; text: string; literal: boolean };

export interface Pressed {
  view: ViewState;
  effect: Effect;
}

interface Surroundings {
  /** Cells of a composer row. */
  columns: number;
  /** Whether a question is being answered, or the next one of the queue is about to be sent. */
  busy: boolean;
  queue?: Queue;
  /** Whether a conversation is being loaded, or the server or the login changed. */
  isLoading?: boolean;
  /** The number of choices that a list shows at once. */
  page?: number;
  /** By default, the default ones. */
  keys?: Keymap;
}

const none: Effect = { kind: "none" };

/** One key in the composer; pure. A question that is sent during an answer joins the queue (docs/session.md#sending). */
export function press(before: ViewState, key: Key, around: Surroundings): Pressed {
  if (before.picker !== undefined) return inPicker(before, before.picker, key, around);
  if (before.searching !== undefined) return inSearch(before, before.searching, key, around);
  const meaning = commandOf(key, around.keys);
  if (meaning === undefined) return { view: before, effect: none };
  if (key.name === "tab" && key.inBurst === true) return { view: before, effect: none };
  const { armed, escaped, sure } = before;
  const view: ViewState = {
    ...before,
    armed: false,
    escaped: false,
    hint: undefined,
    sure: undefined,
    isWaiting: false,
  };
  if (meaning.kind === "session")
    return doCommand({ ...view, armed, escaped, sure }, meaning.command, around);
  if (meaning.action.type === "up" && view.editor.text === "" && (around.queue?.questions.length ?? 0) > 0)
    return { view, effect: { kind: "takeBack" } };
  return { view: doEdit(view, meaning.action, around), effect: none };
}

function inPicker(view: ViewState, picker: Picker, key: Key, { page = 1, keys }: Surroundings): Pressed {
  const outcome = pressInPicker(picker, key, page, keys);
  if (outcome.kind === "open") return { view: { ...view, picker: outcome.picker }, effect: none };
  return { view: { ...view, picker: undefined }, effect: effectOf(outcome, picker) };
}

function effectOf(outcome: Picked, { of }: Picker): Effect {
  if (outcome.kind !== "chosen") return none;
  const { id } = outcome;
  if (of === "texts") return { kind: "copy", id };
  if (of === "models") return { kind: "chooseModel", name: id };
  if (of === "roles") return { kind: "chooseRole", name: id };
  return of === "versions" ? { kind: "chooseVersion", id } : { kind: "resume", id };
}

function inSearch(view: ViewState, searching: Searching, key: Key, around: Surroundings): Pressed {
  const outcome = pressInSearch(searching, view.editor, key, around.keys ?? defaultKeymap);
  if (outcome.kind === "searching")
    return { view: { ...view, searching: outcome.searching, editor: outcome.editor }, effect: none };
  const after: ViewState = {
    ...view,
    searching: undefined,
    editor: outcome.editor,
    menu: { index: 0, closed: true },
  };
  return outcome.again ? press(after, key, around) : { view: after, effect: none };
}

/** Text that was pasted: never sends, and never runs a command by itself. */
export function paste(view: ViewState, text: string, { columns }: Surroundings): ViewState {
  if (view.picker !== undefined) {
    const editor = edit(view.picker.editor, { type: "insert", text: text.split(/[\r\n]/)[0] ?? "" }, columns);
    return { ...view, picker: typed(view.picker, editor).picker };
  }
  const editor = edit(view.editor, { type: "paste", text }, columns);
  return {
    ...view,
    editor,
    armed: false,
    escaped: false,
    hint: undefined,
    sure: undefined,
    isWaiting: false,
    searching: undefined,
    menu: { index: 0, closed: false },
  };
}

function doEdit(view: ViewState, action: EditorAction, { columns }: Surroundings): ViewState {
  const items = menuLength(view);
  const vertical = action.type === "up" ? -1 : action.type === "down" ? 1 : 0;
  if (items > 0 && vertical !== 0) return chooseItem(view, items, vertical);
  const after = edit(view.editor, action, columns);
  // A blank ends what was typed behind the mark of a file.
  const isBlank = action.type === "newline" || (action.type === "insert" && action.text === " ");
  const editor = isBlank ? joinRanges(after) : after;
  if (editor === view.editor && vertical !== 0) return walkHistory(view, vertical);
  const changed = editor.text !== view.editor.text;
  return { ...view, editor, menu: changed ? { index: 0, closed: false } : view.menu };
}

function chooseItem(view: ViewState, items: number, by: number): ViewState {
  const index = (view.menu.index + by + items) % items;
  return { ...view, menu: { ...view.menu, index } };
}

function walkHistory(view: ViewState, by: number): ViewState {
  const walk = by < 0 ? older(view.walk, keptText(view.editor)) : newer(view.walk);
  if (walk === undefined) return view;
  const editor = edit(view.editor, { type: "recall", text: textAt(walk) }, 1);
  return { ...view, walk, editor, menu: { index: 0, closed: true } };
}

function doCommand(view: ViewState, command: SessionCommand, around: Surroundings): Pressed {
  const calm: ViewState = { ...view, armed: false, escaped: false, sure: undefined };
  switch (command) {
    case "enter":
      return enter({ ...calm, sure: view.sure }, around);
    case "escape":
      if (menuLength(view) > 0) return { view: { ...calm, menu: { index: 0, closed: true } }, effect: none };
      return escape(view, calm, around);
    case "interrupt":
      return interrupt({ ...view, sure: undefined }, around);
    case "deleteOrLeave":
      if (view.editor.text === "") return { view: calm, effect: { kind: "leave" } };
      return { view: doEdit(calm, { type: "delete" }, around), effect: none };
    case "complete":
    case "completeBack":
      return { view: complete(calm, around), effect: none };
    case "redraw":
    case "suspend":
    case "pasteImage":
      return { view: calm, effect: { kind: command } };
    case "searchHistory":
      return { view: { ...calm, searching: beginSearch(view.editor, view.walk) }, effect: none };
    case "openEditor":
      if (!around.busy) return { view: calm, effect: { kind: "openEditor" } };
      return { view: { ...calm, hint: "The editor waits until the answer is through." }, effect: none };
  }
}

/** Esc: stops, else twice on an empty line edits the last question. */
function escape(view: ViewState, calm: ViewState, { busy }: Surroundings): Pressed {
  if (busy) return { view: calm, effect: { kind: "stop" } };
  if (view.escaped && view.editor.text === "") return { view: calm, effect: { kind: "editLast" } };
  return { view: { ...calm, escaped: true }, effect: { kind: "escape" } };
}

function enter(
  view: ViewState,
  { busy, isLoading = false, columns, queue, keys = defaultKeymap }: Surroundings,
): Pressed {
  const items = menuItems(view);
  const chosen = items[view.menu.index];
  if (chosen !== undefined)
    return isCompleted(chosen) || ((busy || isLoading) && chosen.whileAnswering !== true)
      ? typeOn(view, chosen, columns)
      : send(view, `/${chosen.name}`, false);
  const { names, isStale } = fileItems(view);
  if (names.length > 0 && !isStale) return { view: chooseFile(view, names), effect: none };
  const outcome = pressEnter(joinRanges(view.editor));
  if (outcome.kind === "continue") return { view: { ...view, editor: outcome.state }, effect: none };
  if (outcome.text.trim() === "") {
    const effect: Effect = queue?.isStopped === true ? { kind: "sendQueue" } : none;
    return { view: { ...view, editor: edit(view.editor, { type: "set", text: "" }, columns) }, effect };
  }
  const what = kindOf(outcome.text, view.editor.literal);
  if (isLoading && what !== "free")
    return { view: { ...view, hint: "Kept until loading is over.", isWaiting: true }, effect: none };
  if (busy && what === "command")
    return {
      view: {
        ...view,
        hint: `Kept: ${keys.labelOf("enter")} runs it after the answer; ${keys.labelOf("escape")} stops that.`,
      },
      effect: none,
    };
  return send({ ...view, editor: joinRanges(view.editor) }, outcome.text, view.editor.literal);
}

/** Takes the chosen file of the menu; a folder is opened in it. */
function chooseFile(view: ViewState, names: readonly string[]): ViewState {
  const mention = mentionAtCursor(view.editor);
  const chosen = names[view.menu.index] ?? names[0];
  if (mention === undefined || chosen === undefined) return view;
  const menu = { index: 0, closed: false };
  // `app#20-45`: the lines stay.
  const range = /#[L\d-]*$/.exec(mention.typed)?.[0] ?? "";
  if (!chosen.endsWith("/")) return { ...view, menu, editor: attach(view.editor, mention, chosen + range) };
  const quote = /\s/.test(chosen) ? '"' : "";
  const { text } = view.editor;
  const before = text.slice(0, mention.at + 1) + quote + chosen;
  const editor = { ...view.editor, text: before + text.slice(mention.end), cursor: before.length };
  return { ...view, menu, editor: { ...editor, last: "other" } };
}

/** `free`: may be sent at any time. A command that changes the conversation waits for the end of the answer. */
function kindOf(text: string, literal: boolean): "free" | "command" | "question" {
  const input = literal ? undefined : readInput(text);
  if (input?.kind === "command") return input.command.whileAnswering === true ? "free" : "command";
  return input?.kind === "unknown" ? "free" : "question";
}

function typeOn(view: ViewState, { name }: ShownCommand, columns: number): Pressed {
  const editor = edit(view.editor, { type: "set", text: `/${name} ` }, columns);
  return { view: { ...view, editor }, effect: none };
}

function send(view: ViewState, text: string, literal: boolean): Pressed {
  const { editor } = view;
  // A name that is still to be looked up is remembered then.
  const isOpen = editor.mentions.length > 0;
  const walk = isOpen ? view.walk : remember(view.walk, fullText(editor) === text ? keptText(editor) : text);
  return {
    view: { ...withSent(view, editor), walk, editor: createEditor(), menu: { index: 0, closed: false } },
    effect: { kind: "send", text, literal },
  };
}

/** Ctrl-C: stops, else clears the line into the history, else asks once, then leaves. */
function interrupt(view: ViewState, { busy, keys = defaultKeymap }: Surroundings): Pressed {
  if (busy) return { view: { ...view, armed: false }, effect: { kind: "stop" } };
  if (view.editor.text !== "") {
    const walk = remember(view.walk, keptText(view.editor));
    return { view: { ...view, walk, editor: createEditor(), armed: false }, effect: none };
  }
  if (view.armed) return { view, effect: { kind: "leave" } };
  return { view: { ...view, armed: true, hint: leaveHint(keys) }, effect: { kind: "arm" } };
}

export const leaveHint = (keys: Keymap): string => `Press ${keys.labelOf("interrupt")} again to leave.`;

function complete(view: ViewState, { columns }: Surroundings): ViewState {
  const items = menuItems({ ...view, menu: { ...view.menu, closed: false } });
  const chosen = items[view.menu.index] ?? items[0];
  if (chosen === undefined) return completeFile(view);
  const text = `/${chosen.name}${chosen.argument === undefined ? "" : " "}`;
  return { ...view, editor: edit(view.editor, { type: "set", text }, columns) };
}

function completeFile(view: ViewState): ViewState {
  const open: ViewState = {
    ...view,
    editor: mentionHere(view.editor),
    menu: { ...view.menu, closed: false },
  };
  const { names, isStale } = fileItems(open);
  return names.length > 0 && !isStale ? chooseFile(open, names) : open;
}
