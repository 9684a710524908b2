import type { Display, Style } from "./display.ts";
import { paintSpans, spanText, type Span } from "./span.ts";
import { graphemesOf, width } from "../terminal/width.ts";
import { hasUnspaced, unspacedParts } from "./unspaced.ts";

interface Word {
  spans: Span[];
  cells: number;
  /** Spaces before it; 0 if a wide character follows a word directly. */
  gap: number;
}

// Ideographs, kana, hangul: a line may break after each of them, except before a closing mark.
const PIECES = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]|[\ud840-\ud8bf][\udc00-\udfff]/u;
const CLOSING = /^[、。，．！？：；）」』】〉》〕…]/;
const SPLIT =
  /( +|\n)|([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\u{20000}-\u{2ffff}][、。，．！？：；）」』】〉》〕…]*)/u;

/**
 * Breaks spans into lines of at most `cells` cells, at spaces, between ideographs and between the words of scripts that have
 * no spaces between them. A longer word (a URL, a path) is not broken: it gets its own line and the terminal wraps it, so that
 * it can be copied whole.
 */
export function wrapSpans(spans: readonly Span[], cells: number): Span[][] {
  const lines: Span[][] = [];
  for (const row of splitAtBreaks(spans)) lines.push(...fill(words(row), Math.max(1, cells)));
  return lines;
}

/** Cells of the longest line. */
export function spansWidth(spans: readonly Span[]): number {
  return Math.max(...splitAtBreaks(spans).map((row) => width(spanText(row))));
}

/** Breaks spans as `wrapSpans` does, and longer words at `cells`: for a column of a table. */
export function wrapCell(spans: readonly Span[], cells: number): Span[][] {
  return wrapSpans(spans, cells).flatMap((line) => breakLine(line, cells));
}

function breakLine(line: Span[], cells: number): Span[][] {
  if (width(spanText(line)) <= cells) return [line];
  const lines: Span[][] = [[]];
  let used = 0;
  for (const span of line) {
    for (const grapheme of graphemesOf(span.text)) {
      if (used > 0 && used + grapheme.width > cells) {
        lines.push([]);
        used = 0;
      }
      lines.at(-1)?.push({ ...span, text: grapheme.text });
      used += grapheme.width;
    }
  }
  return lines;
}

/** A text in one style as painted rows of at most `display.columns` − 1 cells, wrapped at words. */
export function wrappedLines(text: string, style: Style, display: Display): string[] {
  return wrappedSpans([{ text, style }], display);
}

/** The same for spans. */
export function wrappedSpans(spans: Span[], display: Display): string[] {
  return wrapSpans(spans, display.columns - 1).map((line) => paintSpans(line, display));
}

function splitAtBreaks(spans: readonly Span[]): Span[][] {
  const rows: Span[][] = [[]];
  for (const span of spans) {
    const [first = "", ...rest] = span.text.split("\n");
    if (first !== "") rows.at(-1)?.push({ ...span, text: first });
    for (const text of rest) rows.push(text === "" ? [] : [{ ...span, text }]);
  }
  return rows;
}

function words(spans: readonly Span[]): Word[] {
  const list: Word[] = [];
  let word: Word | undefined;
  let gap = 0;
  let isOpening = false;
  const close = () => {
    if (word !== undefined && !isOpening) {
      list.push(word);
      word = undefined;
    }
  };
  const add = (span: Span, text: string) => {
    word ??= { spans: [], cells: 0, gap };
    word.spans.push({ ...span, text });
    word.cells += width(text);
    gap = 0;
    isOpening = span.mark === "open";
  };
  for (const span of spans) {
    if (span.mark === "close" && word === undefined && gap === 0) word = list.pop();
    if (span.whole === true || span.mark !== undefined) {
      add(span, span.text);
      continue;
    }
    const isUnspaced = hasUnspaced(span.text);
    for (const piece of span.text.split(SPLIT)) {
      if (piece === undefined || piece === "") continue;
      if (piece.startsWith(" ")) {
        close();
        gap = piece.length;
      } else if (PIECES.test(piece)) {
        close();
        add(span, piece);
        close();
      } else if (CLOSING.test(piece) && word === undefined && gap === 0 && list.length > 0) {
        word = list.pop();
        add(span, piece);
      } else if (isUnspaced && hasUnspaced(piece)) {
        for (const [at, part] of unspacedParts(piece).entries()) {
          if (at > 0) close();
          add(span, part);
        }
      } else add(span, piece);
    }
  }
  isOpening = false;
  close();
  return list;
}

function fill(list: readonly Word[], cells: number): Span[][] {
  const lines: Span[][] = [];
  let line: Span[] = [];
  let used = 0;
  for (const word of list) {
    if (line.length > 0 && used + word.gap + word.cells > cells) {
      lines.push(line);
      line = [];
      used = 0;
    }
    if (line.length > 0 && word.gap > 0) {
      line.push(space(line.at(-1), word.spans[0], word.gap));
      used += word.gap;
    }
    line.push(...word.spans);
    used += word.cells;
  }
  lines.push(line);
  return lines;
}

/** A space between two words of one style has that style, so that an underlined link has no gaps. */
function space(before: Span | undefined, after: Span | undefined, gap: number): Span {
  const same = before?.style === after?.style && before?.href === after?.href;
  return same && before !== undefined
    ? { ...before, text: " ".repeat(gap) }
    : { text: " ".repeat(gap), style: "" };
}
