import { characterKey, controlKey, type Key, type KeyName, type Modifiers, namedKey } from "./key.ts";

/** A terminal's answer to a query, or its report. */
export type Reply =
  /** `CSI ? u`: it supports the kitty keyboard protocol; `flags` are the current ones. */
  | { kind: "kitty"; flags: number }
  /** `CSI c`: primary device attributes, which every terminal answers. */
  | { kind: "attributes"; parameters: string }
  /** `CSI > c`: secondary device attributes. */
  | { kind: "device"; parameters: string }
  /** `OSC 11`: the colour of its background. */
  | { kind: "background"; background: Background }
  /** The window got the focus, or lost it. */
  | { kind: "focus"; has: boolean };

/** The kind of a terminal's background. */
export type Background = "dark" | "light";

/** What a control sequence means: a key, an answer, the start of a paste, or nothing. */
export type Meaning =
  | { kind: "key"; key: Key }
  | { kind: "reply"; reply: Reply }
  | { kind: "paste" }
  | { kind: "nothing" };

const NOTHING: Meaning = { kind: "nothing" };

/** Final bytes of CSI and SS3 (xterm, kitty). */
const LETTERS: Record<string, KeyName> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  F: "end",
  H: "home",
  P: "f1",
  Q: "f2",
  S: "f4",
};
const KEYPAD: Record<string, string> = { j: "*", k: "+", l: ",", m: "-", n: ".", o: "/", X: "=" };
const TILDE: Record<number, KeyName> = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "pageup",
  6: "pagedown",
  7: "home",
  8: "end",
  ...numberedKeys([11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34]),
};
/** Kitty's code points of keys without a character. */
const KITTY: Record<number, KeyName> = {
  9: "tab",
  13: "enter",
  27: "escape",
  127: "backspace",
  57414: "enter",
  57417: "left",
  57418: "right",
  57419: "up",
  57420: "down",
  57421: "pageup",
  57422: "pagedown",
  57423: "home",
  57424: "end",
  57425: "insert",
  57426: "delete",
};
const KITTY_KEYPAD = "0123456789./*-+"; // from 57399

function numberedKeys(codes: number[]): Record<number, KeyName> {
  return Object.fromEntries(codes.map((code, index) => [code, `f${index + 1}` as KeyName]));
}

/**
 * The meaning of a control sequence, given as its parameter and intermediate bytes and its final byte. Sources: ECMA-48,
 * xterm's ctlseqs, kitty's keyboard protocol. Mouse, cursor and size reports are ignored.
 */
export function readCsi(body: string, final: string): Meaning {
  if (/^[<=>?]/.test(body)) return readPrivate(body, final);
  if (/[ -/]/.test(body.replace(/[$@^]$/, ""))) return NOTHING;
  const fields = body
    .split(";")
    .map((field) => field.split(":").map((part) => (part === "" ? 0 : Number(part))));
  const modifiers = readModifiers(fields[1]);
  if (!modifiers) return NOTHING;
  if (final === "u") return readKitty(fields, modifiers);
  if (final === "~") return readTilde(fields, modifiers);
  if (final === "Z") return key(namedKey("tab", { ...modifiers, shift: true }));
  if ((final === "I" || final === "O") && body === "")
    return { kind: "reply", reply: { kind: "focus", has: final === "I" } };
  if (final === "I") return key(namedKey("tab", modifiers));
  if (final === "^" || final === "$" || final === "@") return readRxvtTilde(fields[0]![0]!, final);
  if (final >= "a" && final <= "d" && body === "")
    return key(namedKey(LETTERS[final.toUpperCase()]!, { shift: true }));
  return named(LETTERS, final, modifiers);
}

/** The meaning of SS3 (`ESC O`) with its final byte; includes the keypad in application mode. */
export function readSs3(body: string, final: string): Meaning {
  const modifiers = readModifiers([Number(body.split(";").at(-1))]) ?? {};
  if (final === "M") return key(namedKey("enter", modifiers));
  if (final === "R") return key(namedKey("f3", modifiers));
  if (final === "I") return key(namedKey("tab", modifiers));
  if (final >= "a" && final <= "d") return key(namedKey(LETTERS[final.toUpperCase()]!, { ctrl: true }));
  if (final >= "p" && final <= "y") return key(characterKey(String(final.charCodeAt(0) - 0x70), modifiers));
  if (Object.hasOwn(KEYPAD, final)) return key(characterKey(KEYPAD[final]!, modifiers));
  return named(LETTERS, final, modifiers);
}

/** The meaning of an operating system command, given without its introducer and terminator. */
export function readOsc(body: string): Meaning {
  const [, ...hex] =
    /^11;rgba?:([\da-f]{1,4})\/([\da-f]{1,4})\/([\da-f]{1,4})(?:\/[\da-f]{1,4})?$/i.exec(body) ??
    /^11;#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(body) ??
    [];
  if (hex.length === 0) return NOTHING;
  const [red = 0, green = 0, blue = 0] = hex.map((value) => {
    const part = Number.parseInt(value, 16) / (16 ** value.length - 1);
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  // The relative luminance (WCAG 2) on which black and white have the same contrast is 0.18.
  const background = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 ? "light" : "dark";
  return { kind: "reply", reply: { kind: "background", background } };
}

/** F1 to F5 of the Linux console: `ESC [ [` and A to E. */
export function readLinuxFunctionKey(final: string): Meaning {
  return final >= "A" && final <= "E" ? key(namedKey(`f${final.charCodeAt(0) - 0x40}`)) : NOTHING;
}

function key(key: Key): Meaning {
  return { kind: "key", key };
}

function named(table: Record<string, KeyName>, at: string | number, modifiers: Modifiers): Meaning {
  const name = Object.hasOwn(table, at) ? table[at] : undefined;
  return name ? key(namedKey(name, modifiers)) : NOTHING;
}

function readPrivate(body: string, final: string): Meaning {
  const parameters = body.slice(1);
  if (final === "u" && body[0] === "?" && /^\d+$/.test(parameters))
    return { kind: "reply", reply: { kind: "kitty", flags: Number(parameters) } };
  if (final !== "c") return NOTHING;
  if (body[0] === "?") return { kind: "reply", reply: { kind: "attributes", parameters } };
  return body[0] === ">" ? { kind: "reply", reply: { kind: "device", parameters } } : NOTHING;
}

type KeyModifiers = Required<Modifiers> & { capsLock: boolean };

/** Reads `1 + bits` and, after a colon, the event. Undefined for a release and with Super or Hyper, which type nothing. */
function readModifiers([value = 0, event = 1]: number[] = []): KeyModifiers | undefined {
  const bits = value > 0 ? value - 1 : 0;
  if (event === 3 || bits & 0b11000) return undefined;
  const has = (bit: number) => (bits & bit) !== 0;
  return { shift: has(1), alt: has(2) || has(32), ctrl: has(4), capsLock: has(64) };
}

function readTilde(fields: number[][], modifiers: KeyModifiers): Meaning {
  const code = fields[0]![0]!;
  if (code === 200) return { kind: "paste" };
  if (code === 27) return readCodePoint(fields[2]?.[0] ?? 0, modifiers); // xterm's modifyOtherKeys
  return named(TILDE, code, modifiers);
}

function readRxvtTilde(code: number, final: string): Meaning {
  return named(TILDE, code, { ctrl: final !== "$", shift: final !== "^" });
}

function readKitty(fields: number[][], modifiers: KeyModifiers): Meaning {
  const [code = 0, shifted = 0, base = 0] = fields[0]!;
  const written = textOf(fields[2] ?? []);
  if (written !== "" && !modifiers.ctrl && !modifiers.alt) return key(characterKey(written));
  // Of a layout with Latin letters, such as Dvorak, the character of the key itself counts.
  const isForeign = code > 0x7e && base > 0x20 && base < 0x7f;
  if (isForeign && (modifiers.ctrl || modifiers.alt)) return readCodePoint(base, modifiers);
  return readCodePoint(modifiers.shift && shifted > 0 ? shifted : code, modifiers);
}

function readCodePoint(code: number, modifiers: KeyModifiers): Meaning {
  if (Object.hasOwn(KITTY, code)) return key(namedKey(KITTY[code]!, modifiers));
  if (code >= 57376 && code <= 57398) return key(namedKey(`f${code - 57363}`, modifiers));
  const keypad = KITTY_KEYPAD[code - 57399];
  if (keypad !== undefined) return key(characterKey(keypad, modifiers));
  if (code < 32) return code === 0 ? NOTHING : key(controlKey(code, modifiers));
  const character = textOf([code]);
  return character === "" ? NOTHING : key(characterKey(inCase(character, modifiers), modifiers));
}

/**
 * Kitty sends a key as its lower-case letter; Shift or Caps Lock make it a capital. With Ctrl or Alt, Caps Lock changes
 * nothing: Ctrl-C stays Ctrl-C.
 */
function inCase(character: string, { shift, capsLock, ctrl, alt }: KeyModifiers): string {
  if (ctrl || alt) return character.toLowerCase();
  const upper = character.toUpperCase();
  return shift !== capsLock && upper.length === character.length ? upper : character;
}

/** The characters of code points; "" if one is a control, surrogate or private code point (kitty's other keys). */
function textOf(codes: number[]): string {
  const writes = (code: number) =>
    code >= 0x20 &&
    (code < 0x7f || code > 0x9f) &&
    (code < 0xd800 || code > 0xf8ff) &&
    code <= 0x10ffff &&
    Number.isInteger(code);
  return codes.length > 0 && codes.every(writes) ? String.fromCodePoint(...codes.slice(0, 16)) : "";
}
