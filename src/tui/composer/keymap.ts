import type { Key } from "../terminal/key.ts";
import type { EditorAction } from "./editor.ts";

/** One action that keys start. */
type ActionRow = {
  /** As `ctrl+a`, `alt+shift+b`, `enter`; the keys that the help names come first. */
  keys: readonly string[];
  /** Parts of the lines about keys in `/help`, by line; each `{}` is the next key, or the first after the last. */
  help?: Record<number, string>;
} & (
  | { kind: "edit"; name: Exclude<EditorAction["type"], "insert" | "paste" | "set"> }
  | { kind: "session"; name: string }
);

/** All key bindings: `edit` changes the text or moves in it, `session` is done by the session. */
export const keyActions = [
  { name: "enter", kind: "session", keys: ["enter", "ctrl+m"], help: { 1: "{} sends;" } },
  {
    name: "newline",
    kind: "edit",
    keys: ["alt+enter", "ctrl+j", "shift+enter", "ctrl+enter", "ctrl+alt+j"],
    help: { 1: "{}, {} or \\ and Enter begin a new line." },
  },
  {
    name: "escape",
    kind: "session",
    keys: ["escape"],
    help: { 2: "{} stops the answer;", 4: "{} {} edits the last question;" },
  },
  {
    name: "interrupt",
    kind: "session",
    keys: ["ctrl+c"],
    help: { 2: "{} stops, then clears the line, then leaves;" },
  },
  { name: "deleteOrLeave", kind: "session", keys: ["ctrl+d"], help: { 2: "{} leaves." } },
  // In the first and the last row these two change no text: the history takes them.
  { name: "up", kind: "edit", keys: ["up", "ctrl+p"], help: { 3: "{} and" } },
  {
    name: "down",
    kind: "edit",
    keys: ["down", "ctrl+n"],
    help: { 3: "{} walk through what was typed before," },
  },
  { name: "searchHistory", kind: "session", keys: ["ctrl+r"], help: { 3: "{} searches it;" } },
  { name: "openEditor", kind: "session", keys: ["ctrl+g"], help: { 3: "{} opens an editor." } },
  { name: "redraw", kind: "session", keys: ["ctrl+l"], help: { 4: "{} redraws;" } },
  { name: "suspend", kind: "session", keys: ["ctrl+z"], help: { 4: "{} suspends." } },
  { name: "complete", kind: "session", keys: ["tab", "ctrl+i"] },
  { name: "completeBack", kind: "session", keys: ["shift+tab"] },
  { name: "backspace", kind: "edit", keys: ["backspace", "shift+backspace", "ctrl+h"] },
  { name: "delete", kind: "edit", keys: ["delete"] },
  { name: "left", kind: "edit", keys: ["left", "ctrl+b"] },
  { name: "right", kind: "edit", keys: ["right", "ctrl+f"] },
  { name: "wordLeft", kind: "edit", keys: ["alt+b", "ctrl+left", "alt+left"] },
  { name: "wordRight", kind: "edit", keys: ["alt+f", "ctrl+right", "alt+right"] },
  { name: "home", kind: "edit", keys: ["home", "ctrl+a"] },
  { name: "end", kind: "edit", keys: ["end", "ctrl+e"] },
  { name: "textStart", kind: "edit", keys: ["ctrl+home", "alt+<", "alt+shift+<"] },
  { name: "textEnd", kind: "edit", keys: ["ctrl+end", "alt+>"] },
  { name: "killLineStart", kind: "edit", keys: ["ctrl+u"] },
  { name: "killLineEnd", kind: "edit", keys: ["ctrl+k"] },
  { name: "killBlankWord", kind: "edit", keys: ["ctrl+w"] },
  { name: "killWordBefore", kind: "edit", keys: ["alt+backspace", "ctrl+backspace"] },
  { name: "killWordAfter", kind: "edit", keys: ["alt+d", "alt+delete", "ctrl+delete"] },
  { name: "yank", kind: "edit", keys: ["ctrl+y"] },
  { name: "undo", kind: "edit", keys: ["ctrl+_", "ctrl+-", "ctrl+shift+_", "ctrl+shift+-", "ctrl+/"] },
] as const satisfies readonly ActionRow[];

type KeyAction = (typeof keyActions)[number];

/** The name of an action that the session does itself. */
export type SessionCommand = Extract<KeyAction, { kind: "session" }>["name"];

/** What a key starts. */
type KeyCommand = { kind: "edit"; action: EditorAction } | { kind: "session"; command: SessionCommand };

const byKey = new Map<string, KeyAction>(
  keyActions.flatMap((action) => action.keys.map((key) => [key, action] as const)),
);

/** The action of a key in the composer, if it has one. */
export function commandOf(key: Key): KeyCommand | undefined {
  const { name, ctrl, alt, shift, text } = key;
  const action = byKey.get(`${ctrl ? "ctrl+" : ""}${alt ? "alt+" : ""}${shift ? "shift+" : ""}${name}`);
  if (action?.kind === "session") return { kind: "session", command: action.name };
  if (action !== undefined) return { kind: "edit", action: { type: action.name } };
  return text === "" ? undefined : { kind: "edit", action: { type: "insert", text } };
}

/** The lines about keys in `/help`. */
export function keyHelp(): string[] {
  const lines: Record<number, string[]> = {};
  for (const { keys, help } of keyActions as readonly ActionRow[])
    for (const [line, words] of Object.entries(help ?? {})) {
      let used = 0;
      (lines[Number(line)] ??= []).push(words.replaceAll("{}", () => label(keys[used++] ?? keys[0]!)));
    }
  return Object.values(lines).map((parts) => parts.join(" "));
}

/** `ctrl+r` as `Ctrl-R`, `escape` as `Esc`. */
function label(key: string): string {
  const parts = key.replace("escape", "esc").split("+");
  return parts.map((part) => part.slice(0, 1).toUpperCase() + part.slice(1)).join("-");
}
