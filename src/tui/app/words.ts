import { plainText } from "../../client/sanitize.ts";
import { glyphs, paint, styles, type Look, type Style } from "../markdown/look.ts";
import { paintSpans, type Span } from "../markdown/span.ts";
import { wrappedSpans } from "../markdown/wrap.ts";
import type { Tone } from "../session/transcript.ts";

const TONES: Record<Tone, Style> = {
  info: styles.plain,
  dim: styles.dim,
  warn: styles.yellow,
  error: styles.red,
};

/** Lines of a long question that are shown again above its answer. */
const MOST_ECHOED = 10;

/** A note as lines for the scrollback, each with its "\n". Of an error only the first line is red. */
export function noteText(tone: Tone, lines: readonly string[], look: Look): string {
  return lines.map((line, i) => wrapped(line, tone === "error" && i > 0 ? "dim" : tone, look)).join("");
}

function wrapped(line: string, tone: Tone, look: Look): string {
  // Two or more spaces are columns of ours: such a line is left as it is.
  const spans: Span[] = [{ text: plainText(line), style: TONES[tone] }];
  const rows = / {2}/.test(line) ? [paintSpans(spans, look)] : wrappedSpans(spans, look);
  return rows.map((row) => `${row}\n`).join("");
}

/** A question as it stands above its answer: whole, where it isn't long. */
export function questionText(question: string, look: Look): string {
  const lines = plainText(question).split("\n");
  const shown = lines.length > MOST_ECHOED ? lines.slice(0, MOST_ECHOED - 1) : lines;
  const more = lines.length - shown.length;
  const echoed = shown.map(
    (line, i) => `${paint(i === 0 ? "> " : "  ", styles.cyan, look)}${paint(line, styles.bold, look)}\n`,
  );
  if (more > 0) echoed.push(paint(`  ${glyphs(look).ellipsis} ${more} more lines`, styles.dim, look) + "\n");
  return `\n${echoed.join("")}\n`;
}

/** A command as it stands above what it prints. */
export function commandText(command: string, look: Look): string {
  return `\n${paint(`> ${plainText(command)}`, styles.dim, look)}\n`;
}
