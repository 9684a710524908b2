/** How text is to look: where it is shown, and what that place can show. */
export interface Display {
  /** Cells a row has. Prose uses one less, so that a full row never wraps by itself. */
  columns: number;
  color: boolean;
  /** Only ASCII for what we add: bullets, rules, borders. */
  ascii: boolean;
  /** OSC 8 links for http, https and mailto. */
  links: boolean;
}

/** SGR parameters such as `1;36`; "" is plain text. */
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

/** One style on top of another. */
export function join(outer: Style, inner: Style): Style {
  return outer === "" ? inner : inner === "" ? outer : `${outer};${inner}`;
}

/** `text` in `style`, closed again at its end; untouched without colour. */
export function paint(text: string, style: Style, display: Pick<Display, "color">): string {
  return !display.color || style === "" || text === "" ? text : `\x1b[${style}m${text}\x1b[0m`;
}

/** What we draw ourselves, with ASCII for terminals without Unicode. */
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
