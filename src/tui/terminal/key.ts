import { usCharacter } from "./layouts.ts";

/** The keys that have a name instead of a character. */
export type KeyName =
  | "enter"
  | "escape"
  | "tab"
  | "backspace"
  | "delete"
  | "insert"
  | "up"
  | "down"
  | "left"
  | "right"
  | "home"
  | "end"
  | "pageup"
  | "pagedown"
  | "space"
  | `f${number}`;

/**
 * One key press. `name` is a KeyName or the character; with ctrl or alt, a letter is lower case, and one of a script
 * without Latin letters is what its key has on a US keyboard (docs/session.md#keys-of-the-terminal). `text` is what the key
 * types: empty with ctrl or alt and for named keys except space. Ctrl-J, and a line end inside a burst of text, is
 * `{ name: "j", ctrl: true }`; Enter never is.
 */
export type Key = {
  name: string;
  text: string;
  ctrl: boolean;
  alt: boolean;
  shift: boolean;
  /** Of `@` and Tab: it came together with other text, which was probably pasted in a terminal without bracketed paste. */
  inBurst?: true;
};

export type Modifiers = { ctrl?: boolean; alt?: boolean; shift?: boolean };

export function namedKey(name: KeyName, { ctrl = false, alt = false, shift = false }: Modifiers = {}): Key {
  return { name, text: name === "space" && !ctrl && !alt ? " " : "", ctrl, alt, shift };
}

/** The key that types a character. A capital is a character of its own, not shift and a letter. */
export function characterKey(
  character: string,
  { ctrl = false, alt = false, shift = false }: Modifiers = {},
): Key {
  if (character === " ") return namedKey("space", { ctrl, alt, shift });
  if (!ctrl && !alt) return { name: character, text: character, ctrl, alt, shift: false };
  const lower = character.toLowerCase();
  return { name: usCharacter(lower), text: "", ctrl, alt, shift: shift || lower !== character };
}

/** The key of a control byte (0 to 31, and 127). ESC is the escape key. */
export function controlKey(byte: number, modifiers: Modifiers = {}): Key {
  switch (byte) {
    case 0x00:
      return namedKey("space", { ...modifiers, ctrl: true });
    case 0x08: // Backspace in some terminals, Ctrl-Backspace in others: deleting one character is the safe reading
    case 0x7f:
      return namedKey("backspace", modifiers);
    case 0x09:
      return namedKey("tab", modifiers);
    case 0x0d:
      return namedKey("enter", modifiers);
    case 0x1b:
      return namedKey("escape", modifiers);
    default:
      return characterKey(String.fromCharCode(byte + 0x40).toLowerCase(), { ...modifiers, ctrl: true });
  }
}
