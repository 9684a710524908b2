import { openFormula, type OpenFormula } from "../../text/formula.ts";
import { hardWrap } from "./hard-wrap.ts";
import { renderBlock, renderItem, renderNote } from "./block.ts";
import type { Display } from "./display.ts";
import { glyphs, paint, styles } from "./display.ts";
import type { Unfinished } from "./piece.ts";
import { copyOf, type References } from "./references.ts";

const LINK = /\x1b\]8;[^\x1b]*\x1b\\/g;

/**
 * The last `rows` lines of the unfinished end, each at most columns − 1 wide. Of a paragraph longer than the screen only
 * the end is rendered, so that the time of a frame does not grow with it.
 */
export function previewTail(
  tail: Unfinished,
  rows: number,
  display: Display,
  references: References,
): string[] {
  if (rows <= 0 || tail.source.trim() === "") return [];
  const lines = previewLines(tail, rows * display.columns * 2, display, copyOf(references));
  return lines.flatMap((line) => hardWrap(line.replaceAll(LINK, ""), display.columns - 1)).slice(-rows);
}

function previewLines(tail: Unfinished, longest: number, display: Display, references: References): string[] {
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
  if (kind === "item") return renderItem(healed, itemNumber(source), display, references);
  return kind === "note" ? renderNote(healed, display, references) : renderBlock(healed, display, references);
}

function itemNumber(source: string): number | null {
  const match = /^(\d{1,9})[.)]/.exec(source);
  return match === null ? null : Number(match[1]);
}

/** Closes open formulas, emphasis and code: they must not flicker between marks and style while they are written. */
function heal(source: string): string {
  const open = source
    .split("\n")
    .reduce<OpenFormula | undefined>((open, line) => openFormula(line, open), undefined);
  if (open !== undefined) return source + open.close;
  const text = source
    .replace(/!?\[([^\]\n]*)\]\([^)\s]*$/, "$1")
    .replace(/(?:\*{1,3}|_{1,2}|~{1,2}|`+)$/, "");
  const ticks = text.split("`").length - 1;
  if (ticks % 2 === 1) return `${text.trimEnd()}\``;
  const last = text.slice(text.lastIndexOf("\n\n") + 1).replaceAll(/`[^`]*`/g, "");
  return (last.match(/\*\*/g)?.length ?? 0) % 2 === 1 ? `${text.trimEnd()}**` : text;
}
