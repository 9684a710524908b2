import { plainText } from "../../text/sanitize.ts";
import { counted, grouped } from "../../text/numbers.ts";
import { glyphs, join, paint, styles, type Display, type Style } from "../markdown/display.ts";
import { paintSpans, type Span } from "../markdown/span.ts";
import { wrappedSpans, wrapSpans } from "../markdown/wrap.ts";
import type { Line, Said, Tone } from "../../session/transcript.ts";
import { width } from "../terminal/width.ts";
import { lineText } from "../line-text.ts";

const TONES: Record<Tone, Style> = {
  info: styles.plain,
  dim: styles.dim,
  warn: styles.warn,
  error: styles.error,
};

/** Most lines of a question that are shown above its answer, and most rows. */
const MOST_ECHOED = 10;
const MOST_ROWS = 40;
/** Characters of a line that are looked at: they fill the rows, unless many have no width. */
const LONGEST_LINE = 4_000;
/** Cells of the bar beside a question, with the space behind it. */
const BAR = 2;
/** On a wider screen a question is not wrapped later. */
const WIDEST = 100;
/** A space in this style is a bar on the screen, and a space in what is copied from there. */
const BAR_STYLE = join(styles.inverse, styles.question);

/** A note for the scrollback, each line with its "\n". Only the first line of an error is red. */
export function noteText(tone: Tone, lines: readonly Line[], display: Display): string {
  return lines
    .flatMap((line, i) => {
      const look = tone === "error" && i > 0 ? "dim" : tone;
      return textRows(line, display).map((row) => wrapped(row, look, display));
    })
    .join("");
}

/** A line as text. Parts that don't fit begin a new row, so that none ends with a separator. */
function textRows(line: Line, display: Display): string[] {
  if (typeof line === "string") return [line];
  const rows: string[] = [];
  for (const part of line) {
    const longer = lineText([...rows.slice(-1), part], display);
    if (rows.length > 0 && width(longer) < display.columns) rows[rows.length - 1] = longer;
    else rows.push(part);
  }
  return rows;
}

function wrapped(line: string, tone: Tone, display: Display): string {
  // A line with two or more spaces in a row has columns (help, usage) and is not wrapped.
  const spans: Span[] = [{ text: plainText(line), style: TONES[tone] }];
  const rows = / {2}/.test(line) ? [paintSpans(spans, display)] : wrappedSpans(spans, display);
  return rows.map((row) => `${row}\n`).join("");
}

/** What an answer cost and how long it took: `100 tokens · 4 s`. */
export function costText({ spent, milliseconds }: Extract<Said, { type: "cost" }>, display: Display): string {
  const seconds = `${grouped(Math.max(1, Math.round(milliseconds / 1000)))} s`;
  return noteText("dim", [[...spent, seconds]], display);
}

/** A question for the scrollback above its answer, with a bar at its left; a long one is truncated. */
export function questionText(question: string, display: Display): string {
  const bar = display.color ? `${paint(" ", BAR_STYLE, display)} ` : "> ";
  const lines = plainText(question).split("\n");
  const most = lines.length > MOST_ECHOED ? MOST_ECHOED - 1 : lines.length;
  const rows: string[] = [];
  let shown = 0;
  let isCut = false;
  for (; shown < most && !isCut && rows.length < MOST_ROWS; shown += 1) {
    const line = lines[shown] ?? "";
    isCut = line.length > LONGEST_LINE;
    // A character of two units may be cut in two.
    const begun = isCut ? line.slice(0, LONGEST_LINE).replace(/[\ud800-\udbff]$/, "") : line;
    rows.push(...questionRows(begun, display));
  }
  if (isCut || rows.length > MOST_ROWS) shown -= 1;
  const more = lines.length - shown;
  const echoed = rows.slice(0, MOST_ROWS).map((row) => `${bar}${row}`.trimEnd());
  if (more > 0)
    echoed.push(
      bar + paint(`${glyphs(display).ellipsis} ${counted(more, "more line")}`, styles.dim, display),
    );
  return `\n${echoed.join("\n")}\n\n`;
}

/** A line of a question, wrapped at words; its indentation stays. */
function questionRows(line: string, display: Display): string[] {
  const cells = Math.min(display.columns, WIDEST) - 1 - BAR;
  const text = line.replaceAll("\t", "    ");
  const indent = /^ */.exec(text)?.[0] ?? "";
  const kept = indent.length > cells / 2 ? "" : indent;
  const spans: Span[] = [{ text: text.slice(indent.length), style: styles.bold }];
  return wrapSpans(spans, cells - kept.length).map((row) => kept + paintSpans(row, display));
}

/** A command for the scrollback above its output. */
export function commandText(command: string, display: Display): string {
  return `\n${paint(`> ${plainText(command)}`, styles.dim, display)}\n`;
}
