import stringWidth from "string-width";

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** Cells that `text` takes. Call it with words and lines, never with a whole answer (TERMINAL.md §2, 14). */
export function width(text: string): number {
  return PRINTABLE_ASCII.test(text) ? text.length : stringWidth(text);
}
