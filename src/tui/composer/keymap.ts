import type { Key } from "../terminal/key.ts";
import type { EditorAction } from "./editor.ts";
import { canonical, keyLabel } from "./key-name.ts";

/** One action that keys start. */
type ActionRow = {
  /** As `ctrl+a`, `alt+shift+b`, `enter`; the keys that the help names come first. */
  keys: readonly string[];
  /** Parts of the lines about keys in `/help`, by line; each `{}` is the first key, `{2}` the first two, `{enter}` the one that sends. */
  help?: Record<number, string>;
} & (
  | {
      kind: "edit";
      name: Exclude<EditorAction["type"], "insert" | "insertWhole" | "paste" | "set" | "recall">;
    }
  | { kind: "session"; name: string }
);

/** All actions with their default keys: `edit` changes the text or moves in it, `session` is done by the session. */
export const keyActions = [
  { name: "enter", kind: "session", keys: ["enter"], help: { 1: "{} sends;" } },
  {
    name: "newline",
    kind: "edit",
    keys: ["alt+enter", "ctrl+j", "shift+enter", "ctrl+enter", "ctrl+alt+j"],
    help: { 1: "{2} or \\ and {enter} begin a new line." },
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
  {
    name: "pasteImage",
    kind: "session",
    keys: ["ctrl+v", "alt+v"],
    help: { 4: "{} pastes an image;" },
  },
  { name: "redraw", kind: "session", keys: ["ctrl+l"], help: { 4: "{} redraws;" } },
  { name: "suspend", kind: "session", keys: ["ctrl+z"], help: { 4: "{} suspends." } },
  {
    name: "complete",
    kind: "session",
    keys: ["tab"],
    help: { 5: "@ and a name add a file to the question; {} completes it." },
  },
  { name: "completeBack", kind: "session", keys: ["shift+tab"] },
  { name: "backspace", kind: "edit", keys: ["backspace", "shift+backspace"] },
  { name: "delete", kind: "edit", keys: ["delete"] },
  { name: "left", kind: "edit", keys: ["left", "ctrl+b"] },
  { name: "right", kind: "edit", keys: ["right", "ctrl+f"] },
  { name: "wordLeft", kind: "edit", keys: ["alt+b", "ctrl+left", "alt+left"] },
  { name: "wordRight", kind: "edit", keys: ["alt+f", "ctrl+right", "alt+right"] },
  { name: "home", kind: "edit", keys: ["home", "ctrl+a"] },
  { name: "end", kind: "edit", keys: ["end", "ctrl+e"] },
  { name: "textStart", kind: "edit", keys: ["ctrl+home", "alt+<"] },
  { name: "textEnd", kind: "edit", keys: ["ctrl+end", "alt+>"] },
  { name: "killLineStart", kind: "edit", keys: ["ctrl+u"] },
  { name: "killLineEnd", kind: "edit", keys: ["ctrl+k"] },
  { name: "killBlankWord", kind: "edit", keys: ["ctrl+w"] },
  { name: "killWordBefore", kind: "edit", keys: ["alt+backspace", "ctrl+backspace"] },
  { name: "killWordAfter", kind: "edit", keys: ["alt+d", "alt+delete", "ctrl+delete"] },
  { name: "yank", kind: "edit", keys: ["ctrl+y"] },
  { name: "undo", kind: "edit", keys: ["ctrl+_"] },
] as const satisfies readonly ActionRow[];

type KeyAction = (typeof keyActions)[number];

/** The name of an action that the session does itself. */
export type SessionCommand = Extract<KeyAction, { kind: "session" }>["name"];

export type ActionName = KeyAction["name"];

/** What a key starts. */
type KeyCommand = { kind: "edit"; action: EditorAction } | { kind: "session"; command: SessionCommand };

/** Which key starts which action. */
export interface Keymap {
  actionOf(key: string): KeyAction | undefined;
  /** The keys of an action; those that its user set come first. */
  keysOf(name: ActionName): readonly string[];
  /** The first of them, as `Ctrl-R`; "" if it has none. */
  labelOf(name: ActionName): string;
}

/** The default keys, changed by `own`: the action of a key, or null for none. */
export function createKeymap(own: ReadonlyMap<string, ActionName | null> = new Map()): Keymap {
  const byKey = new Map<string, ActionName>();
  for (const [key, name] of own) if (name !== null) byKey.set(key, name);
  for (const { keys, name } of keyActions) for (const key of keys) if (!own.has(key)) byKey.set(key, name);
  const byName = new Map(keyActions.map((action) => [action.name, action] as const));
  const keysOf = (wanted: ActionName) =>
    Array.from(byKey).flatMap(([key, name]) => (name === wanted ? [key] : []));
  return {
    keysOf,
    actionOf(key) {
      const name = byKey.get(key);
      return name && byName.get(name);
    },
    labelOf(name) {
      const [first] = keysOf(name);
      return first === undefined ? "" : keyLabel(first);
    },
  };
}

export const defaultKeymap = createKeymap();

/** The keys that lists and the search need, whatever a user set. */
const fixed = new Set(["enter", "escape", "ctrl+c"]);

/** The action of a key in the composer, if it has one. */
export function commandOf(key: Key, keymap = defaultKeymap): KeyCommand | undefined {
  const action = keymap.actionOf(nameOf(key));
  if (action?.kind === "session") return { kind: "session", command: action.name };
  if (action !== undefined) return { kind: "edit", action: { type: action.name } };
  if (key.text === "") return undefined;
  return { kind: "edit", action: { type: "insert", text: key.text, isTyped: key.inBurst !== true } };
}

/** The same in a list or a search, where Enter, Esc and Ctrl-C always do what they do by default. */
export function commandInList(key: Key, keymap: Keymap): KeyCommand | undefined {
  return commandOf(key, fixed.has(nameOf(key)) ? defaultKeymap : keymap);
}

function nameOf({ name, ctrl, alt, shift }: Key): string {
  return canonical(`${ctrl ? "ctrl+" : ""}${alt ? "alt+" : ""}${shift ? "shift+" : ""}${name}`);
}

/** The lines about keys in `/help`. */
export function keyHelp(keymap = defaultKeymap): string[] {
  const lines: Record<number, string[]> = {};
  for (const { name, help } of keyActions as readonly (ActionRow & KeyAction)[]) {
    const labels = keymap.keysOf(name).map(keyLabel);
    if (labels.length === 0) continue;
    for (const [line, words] of Object.entries(help ?? {})) {
      const told = words.replaceAll("{}", labels[0]!).replace("{2}", labels.slice(0, 2).join(", "));
      (lines[Number(line)] ??= []).push(told.replace("{enter}", keymap.labelOf("enter")));
    }
  }
  return Object.values(lines).map((parts) => parts.join(" "));
}
