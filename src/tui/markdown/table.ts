import type { Tokens } from "marked";
import { inline } from "./inline.ts";
import type { AnyToken } from "./lex.ts";
import { glyphs, paint, styles, type Display } from "./display.ts";
import { paintSpans, spanText, type Span } from "./span.ts";
import { width } from "../terminal/width.ts";
import { spansWidth, wrapCell, wrapSpans } from "./wrap.ts";

type Align = Tokens.Table["align"][number];
type Row = Span[][];

/** Cells of a column below which a table is no longer drawn in columns. */
const NARROWEST = 10;

/**
 * A table in columns; if it is wider than the screen, the widest columns shrink and their cells are wrapped, within words
 * only if there is no other way. If a column would have less than 10 cells, or break an address or a formula, the table
 * becomes `header: value` lines.
 */
export function renderTable(table: Tokens.Table, display: Display): string[] {
  const cell = ({ tokens }: Tokens.TableCell, style = styles.plain as string) =>
    inline(tokens as AnyToken[], display, style);
  const header = table.header.map((head) => cell(head, styles.bold));
  const rows = table.rows.map((row) => row.map((part) => cell(part)));
  const columns = header.map((head, i) => [head, ...rows.map((row) => row[i] ?? [])]);
  const widest = columns.map((cells) => Math.max(...cells.map(spansWidth)));
  const least = columns.map((cells, i) => leastWidth(cells, widest[i] ?? 0, display));
  const room = display.columns - 1 - 3 * (columns.length - 1);
  const unbroken = () => columns.map((cells, i) => Math.max(least[i] ?? 0, ...cells.map(longestWord)));
  const widths =
    sum(widest) <= room ? widest : (fitted(widest, unbroken(), room) ?? fitted(widest, least, room));
  return widths === undefined
    ? asLines(header, rows, display)
    : inColumns(header, rows, widths, table.align, display);
}

/** A link that the terminal shows as one may be broken. */
function leastWidth(cells: Row, widest: number, { links }: Display): number {
  const whole = cells.flat().filter((span) => span.whole === true && !(links && span.href !== undefined));
  return Math.max(Math.min(widest, NARROWEST), ...whole.map((span) => spansWidth([span])));
}

const longestWord = (cell: Span[]): number => Math.max(...wrapSpans(cell, 1).map((line) => spansWidth(line)));

const sum = (widths: number[]): number => widths.reduce((total, width) => total + width, 0);

/** Widths that fit into `cells`: the widest columns share what the others leave. */
function fitted(widest: number[], least: number[], cells: number): number[] | undefined {
  const upTo = (most: number) => widest.map((width, i) => Math.max(least[i] ?? 0, Math.min(width, most)));
  if (sum(least) > cells) return undefined;
  let most = Math.max(...widest);
  while (sum(upTo(most)) > cells) most = most > cells ? cells : most - 1;
  const widths = upTo(most);
  let spare = cells - sum(widths);
  return widths.map((width, i) => {
    if (spare === 0 || width >= (widest[i] ?? 0)) return width;
    spare -= 1;
    return width + 1;
  });
}

function inColumns(header: Row, rows: Row[], widths: number[], align: Align[], display: Display): string[] {
  const { column, cross, rule } = glyphs(display);
  const between = paint(column, styles.dim, display);
  const draw = (row: Row): string[] => {
    const cells = widths.map((cells, i) => wrapCell(row[i] ?? [], cells));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, y) =>
      widths
        .map((width, i) => pad(cells[i]?.[y] ?? [], width, align[i] ?? null, display))
        .join(between)
        .trimEnd(),
    );
  };
  const line = paint(widths.map((cells) => rule.repeat(cells)).join(cross), styles.dim, display);
  const body = rows.map(draw);
  // Lines between the rows, if otherwise nothing would show where a row ends.
  const gap = body.some((lines) => lines.length > 1) ? [line] : [];
  return [...draw(header), line, ...body.flatMap((lines, i) => (i === 0 ? lines : [...gap, ...lines]))];
}

function pad(spans: Span[], cells: number, align: Align, display: Display): string {
  const space = Math.max(0, cells - width(spanText(spans)));
  const left = align === "right" ? space : align === "center" ? Math.floor(space / 2) : 0;
  return " ".repeat(left) + paintSpans(spans, display) + " ".repeat(space - left);
}

function asLines(header: Row, rows: Row[], display: Display): string[] {
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
