/** What the colours are made for: a dark or a light background, or the terminal's own 16 colours. */
export type Palette = "ansi" | "dark" | "light";

/**
 * Names of what is coloured, as parameters of SGR. The 256 colours are those above 15, which no theme of a terminal
 * changes; each has a contrast of at least 4.5 on the backgrounds of its kind (a test computes it). None is 90, bright
 * black: that is the background of Solarized Dark.
 */
const COLOURS = {
  accent: { ansi: "36", dark: "38;5;80", light: "38;5;24" },
  question: { ansi: "36", dark: "38;5;80", light: "38;5;24" },
  heading: { ansi: "35", dark: "38;5;177", light: "38;5;91" },
  code: { ansi: "36", dark: "38;5;116", light: "38;5;23" },
  warn: { ansi: "33", dark: "38;5;221", light: "38;5;94" },
  error: { ansi: "31", dark: "38;5;210", light: "38;5;124" },
  good: { ansi: "32", dark: "38;5;114", light: "38;5;22" },
  info: { ansi: "34", dark: "38;5;111", light: "38;5;25" },
  keyword: { ansi: "35", dark: "38;5;177", light: "38;5;91" },
  type: { ansi: "36", dark: "38;5;80", light: "38;5;24" },
  literal: { ansi: "33", dark: "38;5;221", light: "38;5;94" },
  string: { ansi: "32", dark: "38;5;114", light: "38;5;22" },
} as const satisfies Record<string, Record<Palette, string>>;

/** Looks that are the same in every palette. */
const ATTRIBUTES = {
  bold: "1",
  dim: "2",
  italic: "3",
  underline: "4",
  inverse: "7",
  strike: "9",
} as const;

type Colour = keyof typeof COLOURS;
type Attribute = keyof typeof ATTRIBUTES;

/** Names of colours and attributes with `;` between them, such as `heading;bold`; "" is plain. */
export type Style = string;

const names = [...Object.keys(COLOURS), ...Object.keys(ATTRIBUTES)] as (Colour | Attribute)[];

/** Every style with one name, and `plain`. */
export const styles = Object.fromEntries([["plain", ""], ...names.map((name) => [name, name])]) as {
  [Name in Colour | Attribute]: Name;
} & { plain: "" };

const known = new Map<string, string>();

/** The parameters of SGR for a style. */
export function sgrOf(style: Style, palette: Palette): string {
  const key = `${palette} ${style}`;
  const found = known.get(key) ?? parameters(style, palette);
  known.set(key, found);
  return found;
}

function parameters(style: Style, palette: Palette): string {
  return style
    .split(";")
    .map((name) => (name in COLOURS ? COLOURS[name as Colour][palette] : ATTRIBUTES[name as Attribute]))
    .join(";");
}
