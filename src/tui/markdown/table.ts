import type { Tokens } from "marked";
import { inline, withoutBreaks } from "./inline.ts";
import { glyphs, paint, styles, type Display } from "./display.ts";
import { paintSpans, spanText, type Span } from "./span.ts";
import { width } from "../terminal/width.ts";
import { wrapSpans } from "./wrap.ts";

type Align = Tokens.Table["align"][number];

/** A table in columns, or as `header: value` lines if it is wider than the screen. */
export function renderTable(table: Tokens.Table, display: Display): string[] {
  const header = table.header.map((cell) => withoutBreaks(inline(cell.tokens, display, styles.bold)));
  const rows = table.rows.map((row) => row.map((cell) => withoutBreaks(inline(cell.tokens, display))));
  const widths = header.map((cell, i) =>
    Math.max(...[cell, ...rows.map((row) => row[i] ?? [])].map((spans) => width(spanText(spans)))),
  );
  const total = widths.reduce((sum, cells) => sum + cells, 0) + 3 * (widths.length - 1);
  return total <= display.columns - 1
    ? inColumns(header, rows, widths, table.align, display)
    : asLines(header, rows, display);
}

function inColumns(
  header: Span[][],
  rows: Span[][][],
  widths: number[],
  align: Align[],
  display: Display,
): string[] {
  const { column, cross, rule } = glyphs(display);
  const draw = (row: Span[][]) =>
    widths
      .map((cells, i) => pad(row[i] ?? [], cells, align[i] ?? null, display))
      .join(paint(column, styles.dim, display))
      .trimEnd();
  const line = paint(widths.map((cells) => rule.repeat(cells)).join(cross), styles.dim, display);
  return [draw(header), line, ...rows.map(draw)];
}

function pad(spans: Span[], cells: number, align: Align, display: Display): string {
  const space = cells - width(spanText(spans));
  const left = align === "right" ? space : align === "center" ? Math.floor(space / 2) : 0;
  return " ".repeat(left) + paintSpans(spans, display) + " ".repeat(space - left);
}

function asLines(header: Span[][], rows: Span[][][], display: Display): string[] {
  return rows.flatMap((row, n) => {
    const lines = row.flatMap((cell, i) => {
      const spans: Span[] = [...(header[i] ?? []), { text: ": ", style: styles.bold }, ...cell];
      return wrapSpans(spans, display.columns - 3).map(
        (line, k) => (k === 0 ? "" : "  ") + paintSpans(line, display),
      );
    });
    return n === 0 ? lines : ["", ...lines];
  });
}
