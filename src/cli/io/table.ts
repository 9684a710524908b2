import type { Call } from "../argv/call.ts";
import { WIDTH } from "./columns.ts";
import { isAscii } from "./terminal.ts";
import { grouped } from "../../text/numbers.ts";
import { oneLine } from "../../text/sanitize.ts";

/** A column of a table. Times are milliseconds since the epoch. */
export interface Column<T> {
  /** In a pipe. */
  name: string;
  /** On a screen, above a column in capitals. */
  title: string;
  kind: "number" | "text" | "day" | "minute" | "second";
  value: (row: T) => number | string | null;
  /** A narrow screen leaves out the column with the highest rank first; one without a rank stays. */
  rank?: number;
  /** A screen leaves it out if it is empty in the first rows. */
  onlyIfFilled?: true;
}

/** `width`: cells of a line on the screen; undefined if stdout is none: then nothing is cut, and numbers are plain. */
export interface TableLook {
  width: number | undefined;
  ascii: boolean;
}

/** A table whose rows may come in several calls. Widths grow, and the first call has the titles too. */
export interface Table<T> {
  lines(rows: readonly T[]): Promise<string[]>;
}

const GAP = "  ";
/** Cells that a text keeps before a column is left out for it. */
const LEAST = 12;
/** Cells that a text keeps in any case. */
const SHORTEST = 4;
/** Longest text of a cell on a screen. */
const LONGEST = 300;
const PLAIN = /^[\x20-\x7e]*$/;

/** How a table looks on this stdout. */
export const tableLook = ({ output: { stdout }, env }: Pick<Call, "output" | "env">): TableLook => ({
  // Some terminals wrap after a full line.
  width: stdout.isTTY ? (stdout.columns || WIDTH) - 1 : undefined,
  ascii: isAscii(env),
});

interface Measures {
  width: (text: string) => number;
  truncate: (text: string, cells: number, ellipsis: string) => string;
}

const ofAscii: Measures = {
  width: (text) => text.length,
  truncate: (text, cells, ellipsis) =>
    text.length <= cells ? text : text.slice(0, Math.max(1, cells - ellipsis.length)) + ellipsis,
};

/** Text with wide characters needs a package that takes long to load. */
async function measuresFor(cells: readonly string[][]): Promise<Measures> {
  if (cells.every((row) => row.every((cell) => PLAIN.test(cell)))) return ofAscii;
  const [{ width }, { truncate }] = await Promise.all([
    import("../../tui/terminal/width.ts"),
    import("../../tui/markdown/hard-wrap.ts"),
  ]);
  return { width, truncate };
}

/** `2026-11-26 14:30`, in UTC. */
const utc = (at: number, length: number) => new Date(at).toISOString().slice(0, length).replace("T", " ");
const lengths = { day: 10, minute: 16, second: 19 };

function onScreen({ kind }: Pick<Column<never>, "kind">, value: number | string | null): string {
  if (value === null) return "";
  if (kind === "number") return grouped(Number(value));
  return kind === "text" ? oneLine(String(value), LONGEST) : utc(Number(value), lengths[kind]);
}

function inPipe({ kind }: Pick<Column<never>, "kind">, value: number | string | null): string {
  if (value === null || value === "") return "-";
  if (kind === "number") return String(value);
  return kind === "text" ? oneLine(String(value), 10_000) : new Date(Number(value)).toISOString();
}

interface Sized {
  /** Its place among all columns. */
  at: number;
  isText: boolean;
  isNumber: boolean;
  rank: number | undefined;
  /** Cells of its longest text, and those that it needs at least. */
  natural: number;
  least: number;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const gaps = (count: number) => Math.max(0, count - 1) * GAP.length;
const leastOf = (columns: readonly Sized[]) => sum(columns.map(({ least }) => least)) + gaps(columns.length);

/** The places of the columns that fit on a screen. */
function kept(all: readonly Sized[], width: number): ReadonlySet<number> {
  const columns = [...all];
  while (leastOf(columns) > width) {
    const ranks = columns.map(({ rank }) => rank ?? -1);
    const highest = Math.max(...ranks);
    if (highest < 0) break;
    columns.splice(ranks.indexOf(highest), 1);
  }
  return new Set(columns.map(({ at }) => at));
}

/** The width of each column: text gives way to numbers, and later text to earlier. */
function widthsOf(columns: readonly Sized[], width: number): number[] {
  let room = width - leastOf(columns);
  const widths = columns.map(({ least, natural }) => {
    const more = Math.max(0, Math.min(natural - least, room));
    room -= more;
    return least + more;
  });
  // Later rows may need more than the first ones, for which the columns were chosen.
  for (const [at, { isText }] of [...columns.entries()].toReversed()) {
    const less = isText ? Math.min(Math.max(0, -room), Math.max(0, widths[at]! - SHORTEST)) : 0;
    widths[at]! -= less;
    room += less;
  }
  return widths;
}

/** One row as a line for each column: its title, and its text. Empty ones are left out on a screen. */
export function fieldLines<T>(columns: readonly Column<T>[], row: T, { width }: TableLook): string[] {
  const fields = columns.map((column) => {
    const value = column.value(row);
    if (width === undefined) return [column.name, inPipe(column, value)] as const;
    return [column.title, onScreen(column, value)] as const;
  });
  const longest = Math.max(...fields.map(([title]) => title.length));
  return fields.filter(([, text]) => text !== "").map(([title, text]) => title.padEnd(longest) + GAP + text);
}

/** Creates an empty table. */
export function createTable<T>(columns: readonly Column<T>[], { width, ascii }: TableLook): Table<T> {
  const ellipsis = ascii ? "..." : "…";
  const show = width === undefined ? inPipe : onScreen;
  const titles = columns.map(({ title, name }) => (width === undefined ? name : title.toUpperCase()));
  const naturals = titles.map(({ length }) => length);
  let chosen: ReadonlySet<number> | undefined;

  const sizes = (): Sized[] =>
    columns.map(({ kind, rank }, at) => {
      const natural = naturals[at] ?? 0;
      const isText = kind === "text";
      const least = isText && width !== undefined ? Math.min(natural, LEAST) : natural;
      return { at, isText, isNumber: kind === "number", rank, natural, least };
    });

  /** The places of the columns that are shown. */
  const choose = (sized: readonly Sized[], cells: readonly string[][]): ReadonlySet<number> => {
    if (width === undefined) return new Set(columns.keys());
    const filled = sized.filter(
      ({ at }) => !columns[at]?.onlyIfFilled || cells.some((row) => row[at] !== ""),
    );
    return kept(filled, width);
  };

  return {
    async lines(rows) {
      const cells = rows.map((row) => columns.map((column) => show(column, column.value(row))));
      const measures = await measuresFor(cells);
      for (const row of cells)
        for (const [at, cell] of row.entries())
          naturals[at] = Math.max(naturals[at] ?? 0, measures.width(cell));
      const isFirst = chosen === undefined;
      const sized = sizes();
      chosen ??= choose(sized, cells);
      const shown = sized.filter(({ at }) => chosen?.has(at));
      const widths = width === undefined ? shown.map(({ natural }) => natural) : widthsOf(shown, width);
      const line = (row: readonly string[]) =>
        shown.map(({ at, isText, isNumber }, nth) => {
          const cells = widths[nth] ?? 0;
          const whole = row[at] ?? "";
          const text = isText ? measures.truncate(whole, cells, ellipsis) : whole;
          const pad = " ".repeat(Math.max(0, cells - measures.width(text)));
          return isNumber ? pad + text : text + pad;
        });
      return (isFirst ? [titles, ...cells] : cells).map((row) => line(row).join(GAP).trimEnd());
    },
  };
}
