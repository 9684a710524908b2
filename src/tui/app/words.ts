import { plainText } from "../../text/sanitize.ts";
import { glyphs, paint, styles, type Display, type Style } from "../markdown/display.ts";
import { paintSpans, type Span } from "../markdown/span.ts";
import { wrappedSpans } from "../markdown/wrap.ts";
import type { Line, Tone } from "../../session/transcript.ts";
import { lineText } from "../line-text.ts";

const TONES: Record<Tone, Style> = {
  info: styles.plain,
  dim: styles.dim,
  warn: styles.warn,
  error: styles.error,
};

/** Most lines of a question that are shown above its answer. */
const MOST_ECHOED = 10;

/** A note for the scrollback, each line with its "\n". Only the first line of an error is red. */
export function noteText(tone: Tone, lines: readonly Line[], display: Display): string {
  return lines
    .map((line, i) => wrapped(lineText(line, display), tone === "error" && i > 0 ? "dim" : tone, display))
    .join("");
}

function wrapped(line: string, tone: Tone, display: Display): string {
  // A line with two or more spaces in a row has columns (help, usage) and is not wrapped.
  const spans: Span[] = [{ text: plainText(line), style: TONES[tone] }];
  const rows = / {2}/.test(line) ? [paintSpans(spans, display)] : wrappedSpans(spans, display);
  return rows.map((row) => `${row}\n`).join("");
}

/** A question for the scrollback above its answer; a long one is truncated. */
export function questionText(question: string, display: Display): string {
  const lines = plainText(question).split("\n");
  const shown = lines.length > MOST_ECHOED ? lines.slice(0, MOST_ECHOED - 1) : lines;
  const more = lines.length - shown.length;
  const echoed = shown.map(
    (line, i) =>
      `${paint(i === 0 ? "> " : "  ", styles.question, display)}${paint(line, styles.bold, display)}\n`,
  );
  if (more > 0)
    echoed.push(paint(`  ${glyphs(display).ellipsis} ${more} more lines`, styles.dim, display) + "\n");
  return `\n${echoed.join("")}\n`;
}

/** A command for the scrollback above its output. */
export function commandText(command: string, display: Display): string {
  return `\n${paint(`> ${plainText(command)}`, styles.dim, display)}\n`;
}
