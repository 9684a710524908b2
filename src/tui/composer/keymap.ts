import type { Key } from "../terminal/key.ts";
import type { EditorAction } from "./editor.ts";

/** What the session does itself, by the key that asks for it. */
export type SessionCommand =
  /** Enter: see pressEnter. */
  | "enter"
  /** Esc: stop, close; twice: edit the last question. */
  | "escape"
  /** Ctrl-C: stop, else clear, else ask, else leave. */
  | "interrupt"
  /** Ctrl-D: leave when the text is empty, else delete. */
  | "deleteOrLeave"
  | "complete"
  | "completeBack"
  | "searchHistory"
  | "openEditor"
  | "redraw"
  | "suspend";

/** What a key means. Up and Down are edits; where they change nothing, they are the history's. */
export type KeyCommand =
  | { kind: "edit"; action: EditorAction }
  | { kind: "session"; command: SessionCommand };

const EDITS: Record<string, Exclude<EditorAction["type"], "insert" | "paste" | "set">> = {
  "shift+enter": "newline",
  "alt+enter": "newline",
  "ctrl+enter": "newline",
  "ctrl+j": "newline",
  "ctrl+alt+j": "newline",
  backspace: "backspace",
  "shift+backspace": "backspace",
  "ctrl+h": "backspace",
  delete: "delete",
  left: "left",
  "ctrl+b": "left",
  right: "right",
  "ctrl+f": "right",
  up: "up",
  "ctrl+p": "up",
  down: "down",
  "ctrl+n": "down",
  "alt+b": "wordLeft",
  "ctrl+left": "wordLeft",
  "alt+left": "wordLeft",
  "alt+f": "wordRight",
  "ctrl+right": "wordRight",
  "alt+right": "wordRight",
  home: "home",
  "ctrl+a": "home",
  end: "end",
  "ctrl+e": "end",
  "ctrl+home": "textStart",
  "alt+shift+<": "textStart",
  "alt+<": "textStart",
  "ctrl+end": "textEnd",
  "alt+>": "textEnd",
  "ctrl+u": "killLineStart",
  "ctrl+k": "killLineEnd",
  "ctrl+w": "killBlankWord",
  "alt+backspace": "killWordBefore",
  "ctrl+backspace": "killWordBefore",
  "alt+d": "killWordAfter",
  "alt+delete": "killWordAfter",
  "ctrl+delete": "killWordAfter",
  "ctrl+y": "yank",
  "ctrl+_": "undo",
  "ctrl+-": "undo",
  "ctrl+shift+_": "undo",
  "ctrl+shift+-": "undo",
  "ctrl+/": "undo",
};

const COMMANDS: Record<string, SessionCommand> = {
  enter: "enter",
  escape: "escape",
  "ctrl+c": "interrupt",
  "ctrl+d": "deleteOrLeave",
  tab: "complete",
  "shift+tab": "completeBack",
  "ctrl+i": "complete",
  "ctrl+m": "enter",
  "ctrl+r": "searchHistory",
  "ctrl+g": "openEditor",
  "ctrl+l": "redraw",
  "ctrl+z": "suspend",
};

/** A key in words: `ctrl+a`, `alt+shift+b`, `enter`. */
function spellKey({ name, ctrl, alt, shift }: Key): string {
  return `${ctrl ? "ctrl+" : ""}${alt ? "alt+" : ""}${shift ? "shift+" : ""}${name}`;
}

/** What a key means in the composer; undefined: nothing. */
export function commandOf(key: Key): KeyCommand | undefined {
  const spelled = spellKey(key);
  if (Object.hasOwn(COMMANDS, spelled)) return { kind: "session", command: COMMANDS[spelled]! };
  if (Object.hasOwn(EDITS, spelled)) return { kind: "edit", action: { type: EDITS[spelled]! } };
  return key.text === "" ? undefined : { kind: "edit", action: { type: "insert", text: key.text } };
}
