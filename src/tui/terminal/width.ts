import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";
import { segmenter } from "./segmenter.ts";

const ASCII = /^[\x20-\x7e]*$/;

/** One user-perceived character: its text, its offset in the line (UTF-16 units) and its width in cells. */
export type Grapheme = { text: string; start: number; width: number };

/** Characters that always begin a grapheme, so that a line may be cut before them. */
const STARTER = /[\x20-\x7e\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]/;
/** An emoji too, unless it is joined to the character before. */
const EMOJI = /^[^\u200d](?:\ud83c[\udf00-\udffa]|\ud83d[\udc00-\udeff]|\ud83e[\udd00-\udeff])/;
/** A line may also be cut between two whole syllables; a jamo before the first could belong to it. */
const HANGUL_PAIR = /^[\uac00-\ud7a3]{2}$/;
const SLICE = 128;

/** Whether every character is printable ASCII: then the width is the length. */
export function isPlainAscii(text: string): boolean {
  return ASCII.test(text);
}

/**
 * The graphemes of one line without escape sequences. A long line is segmented in slices that end at a grapheme's end,
 * because the time of Node 20's Intl.Segmenter grows faster than linearly.
 */
export function graphemesOf(line: string): Grapheme[] {
  const found: Grapheme[] = [];
  for (let from = 0; from < line.length;) {
    const to = sliceEnd(line, from);
    for (const { segment, index } of segmenter.segment(line.slice(from, to)))
      found.push({ text: segment, start: from + index, width: graphemeWidth(segment) });
    from = to;
  }
  return found;
}

/** Known widths: stringWidth takes about 10 µs for a grapheme that is not ASCII. */
const widths = new Map<string, number>();
const MOST_WIDTHS = 10_000;

function graphemeWidth(grapheme: string): number {
  if (grapheme.length === 1 && isPlainAscii(grapheme)) return 1;
  let cells = widths.get(grapheme);
  if (cells === undefined) {
    cells = stringWidth(grapheme) + (grapheme.length > 1 ? joinedCells(grapheme) : 0);
    if (widths.size >= MOST_WIDTHS) widths.clear();
    widths.set(grapheme, cells);
  }
  return cells;
}

/**
 * Letters after the first of a grapheme: Thai and Lao SARA AM, the consonants of Indic conjuncts. Terminals give each a
 * cell, stringWidth gives them none. It does count hangul jamo and half-width forms.
 */
const JOINED = /(?!^)(?![\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff\uff00-\uffef])\p{Lo}/gu;

/** A skin tone after what is no emoji is shown by itself. */
const TONE_ALONE = /^\P{Extended_Pictographic}.*[\u{1f3fb}-\u{1f3ff}]/u;

function joinedCells(grapheme: string): number {
  const letters = grapheme.match(JOINED)?.length ?? 0;
  return letters + (TONE_ALONE.test(grapheme) ? 2 : 0);
}

function sliceEnd(line: string, from: number): number {
  for (let at = from + SLICE; at < line.length; at++)
    if (
      STARTER.test(line[at]!) ||
      HANGUL_PAIR.test(line.slice(at - 1, at + 1)) ||
      EMOJI.test(line.slice(at - 1, at + 2))
    )
      return at;
  return line.length;
}

/** Cells of a text without escape sequences. For words and lines, not for whole answers. */
export function width(text: string): number {
  if (isPlainAscii(text)) return text.length;
  return graphemesOf(text).reduce((cells, grapheme) => cells + grapheme.width, 0);
}

/**
 * How many rows of `columns` cells one line takes; it may contain escape sequences. An empty line takes one row. A wide
 * character that does not fit at the right edge goes to the next row.
 */
export function rowsOf(line: string, columns: number): number {
  const text = isPlainAscii(line) ? line : stripVTControlCharacters(line);
  if (isPlainAscii(text)) return Math.max(1, Math.ceil(text.length / columns));
  let rows = 1;
  let x = 0;
  for (const grapheme of graphemesOf(text)) {
    if (x + grapheme.width > columns) {
      rows++;
      x = 0;
    }
    x += grapheme.width;
  }
  return rows;
}
