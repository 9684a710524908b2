import { stripVTControlCharacters } from "node:util";
import { graphemesOf, width } from "../terminal/width.ts";

const TAB_STOP = 8;

/**
 * Breaks a painted line (SGR only) at `cells`, never inside a grapheme. Tabs become spaces, because terminals differ in
 * how far a tab goes. Only for the live area: nothing is copied from there.
 */
export function hardWrap(line: string, cells: number): string[] {
  if (!line.includes("\t") && width(stripVTControlCharacters(line)) <= cells) return [line];
  const lines: string[] = [];
  let current = "";
  let used = 0;
  let style = "";
  const add = (text: string, taken: number) => {
    if (used + taken > cells) {
      lines.push(style === "" ? current : `${current}\x1b[0m`);
      current = style;
      used = 0;
    }
    current += text;
    used += taken;
  };
  for (const [piece] of line.matchAll(/\x1b\[[\d;]*m|\t|[^\x1b\t]+/g)) {
    if (piece === "\t") {
      for (let left = TAB_STOP - (used % TAB_STOP); left > 0; left -= 1) add(" ", 1);
    } else if (piece.startsWith("\x1b")) {
      style = piece === "\x1b[0m" ? "" : piece;
      current += piece;
    } else for (const grapheme of graphemesOf(piece)) add(grapheme.text, grapheme.width);
  }
  return [...lines, current];
}

/** The text, or its beginning with an ellipsis if it is wider than `cells`. */
export function truncate(text: string, cells: number, ellipsis: string): string {
  if (width(text) <= cells) return text;
  return `${(hardWrap(text, Math.max(1, cells - width(ellipsis)))[0] ?? "").trimEnd()}${ellipsis}`;
}
