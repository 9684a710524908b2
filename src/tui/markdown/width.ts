import { graphemesOf, isPlainAscii } from "../terminal/width.ts";

/** Cells that `text` takes, without escape sequences in it. Call it with words and lines, never with a whole answer. */
export function width(text: string): number {
  if (isPlainAscii(text)) return text.length;
  return graphemesOf(text).reduce((cells, grapheme) => cells + grapheme.width, 0);
}
