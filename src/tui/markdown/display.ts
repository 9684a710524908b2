import { sgrOf, styles, type Palette, type Style } from "../terminal/palette.ts";

export { styles, type Style };

/** What the terminal can show. */
export interface Display {
  /** Cells of a row. Prose uses one less, so that the terminal never wraps a full row itself. */
  columns: number;
  color: boolean;
  /** Default: the terminal's own colours. */
  palette?: Palette;
  /** Bullets, rules and borders are ASCII. */
  ascii: boolean;
  /** It shows OSC 8 links. */
  links: boolean;
  /** Styles that it does not show, with colour too. */
  lacks?: readonly Style[] | undefined;
}

/** Adds a style to another. */
export function join(outer: Style, inner: Style): Style {
  return outer === "" ? inner : inner === "" ? outer : `${outer};${inner}`;
}

/** `text` in `style`, reset at its end; unchanged without colour. */
export function paint(
  text: string,
  style: Style,
  { color, palette = "ansi" }: Pick<Display, "color" | "palette">,
): string {
  return !color || style === "" || text === "" ? text : `\x1b[${sgrOf(style, palette)}m${text}\x1b[0m`;
}

/** Whether text in a style looks different. */
export function isShown(style: Style, { color, lacks = [] }: Pick<Display, "color" | "lacks">): boolean {
  return color && !lacks.includes(style);
}

/** The characters that are drawn around text, in Unicode or ASCII. */
export function glyphs(display: Pick<Display, "ascii">): typeof unicode {
  return display.ascii ? plain : unicode;
}

const unicode = {
  bullets: ["•", "◦", "▪"],
  quote: "│ ",
  rule: "─",
  cross: "─┼─",
  column: " │ ",
  done: "☑",
  open: "☐",
  ellipsis: "…",
  dot: "·",
  block: "█",
  up: "↑",
  down: "↓",
};
const plain: typeof unicode = {
  bullets: ["*", "-", "+"],
  quote: "| ",
  rule: "-",
  cross: "-+-",
  column: " | ",
  done: "[x]",
  open: "[ ]",
  ellipsis: "...",
  dot: "-",
  block: "#",
  up: "^",
  down: "v",
};
