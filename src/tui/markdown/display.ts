/** What the terminal can show. */
export interface Display {
  /** Cells of a row. Prose uses one less, so that the terminal never wraps a full row itself. */
  columns: number;
  color: boolean;
  /** Bullets, rules and borders are ASCII. */
  ascii: boolean;
  /** It shows OSC 8 links. */
  links: boolean;
}

/** SGR parameters such as `1;36`; "" is plain. */
export type Style = string;

export const styles = {
  plain: "",
  bold: "1",
  dim: "2",
  italic: "3",
  underline: "4",
  strike: "9",
  red: "31",
  green: "32",
  yellow: "33",
  magenta: "35",
  cyan: "36",
  gray: "90",
} as const;

/** Adds a style to another. */
export function join(outer: Style, inner: Style): Style {
  return outer === "" ? inner : inner === "" ? outer : `${outer};${inner}`;
}

/** `text` in `style`, reset at its end; unchanged without colour. */
export function paint(text: string, style: Style, display: Pick<Display, "color">): string {
  return !display.color || style === "" || text === "" ? text : `\x1b[${style}m${text}\x1b[0m`;
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
};
