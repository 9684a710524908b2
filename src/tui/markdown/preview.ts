import { hardWrap } from "./hard-wrap.ts";
import { renderBlock, renderItem } from "./block.ts";
import type { Display } from "./display.ts";
import { glyphs, paint, styles } from "./display.ts";
import type { Unfinished } from "./piece.ts";

/**
 * The last `rows` lines of the unfinished end, each at most columns − 1 wide. Of a paragraph longer than the screen only
 * the end is rendered, so that the time of a frame does not grow with it.
 */
export function previewTail(tail: Unfinished, rows: number, display: Display): string[] {
  if (rows <= 0 || tail.source.trim() === "") return [];
  const screen = { ...display, links: false };
  const lines = previewLines(tail, rows * display.columns * 2, screen);
  return lines.flatMap((line) => hardWrap(line, display.columns - 1)).slice(-rows);
}

function previewLines(tail: Unfinished, longest: number, display: Display): string[] {
  const { kind, source } = tail;
  if (kind === "code") return [source.slice(-longest)];
  if (kind === "table") {
    const count = source.split("\n").filter((line) => line.trim() !== "").length;
    return [
      paint(`table, ${Math.max(0, count - 2)} rows so far${glyphs(display).ellipsis}`, styles.dim, display),
    ];
  }
  const cut = source.length > longest ? source.slice(-longest).replace(/^\S*\s/, "") : source;
  const healed = heal(cut);
  return kind === "item" ? renderItem(healed, itemNumber(source), display) : renderBlock(healed, display);
}

function itemNumber(source: string): number | null {
  const match = /^(\d{1,9})[.)]/.exec(source);
  return match === null ? null : Number(match[1]);
}

/** Closes open emphasis and code, so that it does not flicker between marks and style while it is written. */
function heal(source: string): string {
  const text = source
    .replace(/!?\[([^\]\n]*)\]\([^)\s]*$/, "$1")
    .replace(/(?:\*{1,3}|_{1,2}|~{1,2}|`+)$/, "");
  const ticks = text.split("`").length - 1;
  if (ticks % 2 === 1) return `${text.trimEnd()}\``;
  const last = text.slice(text.lastIndexOf("\n\n") + 1).replaceAll(/`[^`]*`/g, "");
  return (last.match(/\*\*/g)?.length ?? 0) % 2 === 1 ? `${text.trimEnd()}**` : text;
}
