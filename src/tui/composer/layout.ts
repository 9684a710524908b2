import { graphemesOf, isPlainAscii } from "../terminal/width.ts";
import type { EditorState } from "./editor-state.ts";
import { isMark, markLabel, type Pasted } from "./pasted.ts";

/** One row of the editor: what it shows, and which part of the text that is (UTF-16 offsets). */
export type EditorRow = { text: string; start: number; end: number };

/** The visible rows, the cursor in them (from 0), and the number of hidden rows above and below. */
export type EditorLayout = {
  rows: EditorRow[];
  cursor: { x: number; y: number };
  above: number;
  below: number;
};

/** A grapheme on the screen. */
type Cell = { text: string; width: number; start: number; end: number };

const TAB = "  ";

/**
 * Wraps the text at `columns` cells and shows at most `maxRows` rows, including the cursor's. A cursor after a full row is
 * at the beginning of the next, so `x` is always below `columns`.
 */
export function layoutEditor(state: EditorState, columns: number, maxRows: number): EditorLayout {
  const rows = wrapEditor(state, columns);
  const at = locate(state, rows, columns);
  const height = Math.max(1, Math.min(maxRows, rows.length));
  // The cursor's row is in the middle: that needs no scroll state and shows the text on both sides.
  const first = Math.max(0, Math.min(at.y - Math.floor(height / 2), rows.length - height));
  return {
    rows: rows.slice(first, first + height),
    cursor: { x: at.x, y: at.y - first },
    above: first,
    below: rows.length - first - height,
  };
}

/** All rows of the text; after a full row with the cursor at its end comes an empty row for the cursor. */
export function wrapEditor(state: EditorState, columns: number): EditorRow[] {
  const { text, cursor, pastes } = state;
  const width = Math.max(1, columns);
  const rows: EditorRow[] = [];
  let start = 0;
  for (const line of text.split("\n")) {
    const end = start + line.length;
    rows.push(
      ...(isPlainAscii(line)
        ? wrapAscii(line, start, width)
        : wrapCells(cellsOf(line, start, pastes, width), start, width)),
    );
    if (cursor === end && rowWidth(rows.at(-1)!, state, width) >= width)
      rows.push({ text: "", start: end, end });
    start = end + 1;
  }
  return rows;
}

/** The cursor's row and cell among all rows. */
export function locate(state: EditorState, rows: EditorRow[], columns: number): { x: number; y: number } {
  const y = Math.max(
    0,
    rows.findLastIndex((row) => row.start <= state.cursor),
  );
  const row = rows[y]!;
  const x = rowWidth({ ...row, end: Math.min(state.cursor, row.end) }, state, columns);
  return { x: Math.min(x, Math.max(0, columns - 1)), y };
}

/** The offset in a row of the grapheme at a cell. */
export function offsetAt(row: EditorRow, x: number, { text, pastes }: EditorState, columns: number): number {
  let left = 0;
  for (const cell of cellsOf(text.slice(row.start, row.end), row.start, pastes, columns)) {
    if (left + cell.width > x) return cell.start;
    left += cell.width;
  }
  return row.end;
}

function rowWidth(row: EditorRow, { text, pastes }: EditorState, columns: number): number {
  const part = text.slice(row.start, row.end);
  if (isPlainAscii(part)) return part.length;
  return cellsOf(part, row.start, pastes, columns).reduce((width, cell) => width + cell.width, 0);
}

function wrapAscii(line: string, start: number, columns: number): EditorRow[] {
  const rows: EditorRow[] = [];
  for (let at = 0; at === 0 || at < line.length; at += columns) {
    const text = line.slice(at, at + columns);
    rows.push({ text, start: start + at, end: start + at + text.length });
  }
  return rows;
}

function wrapCells(cells: Cell[], start: number, columns: number): EditorRow[] {
  let row: EditorRow = { text: "", start, end: start };
  const rows = [row];
  let width = 0;
  for (const cell of cells) {
    if (width + cell.width > columns && width > 0) {
      row = { text: "", start: cell.start, end: cell.start };
      rows.push(row);
      width = 0;
    }
    row.text += cell.text;
    row.end = cell.end;
    width += cell.width;
  }
  return rows;
}

/** The label of a mark is truncated to one row. */
function cellsOf(line: string, start: number, pastes: readonly Pasted[], columns: number): Cell[] {
  return graphemesOf(line).map(({ text, start: at, width }) => {
    const range = { start: start + at, end: start + at + text.length };
    if (text === "\t") return { text: TAB, width: TAB.length, ...range };
    if (!isMark(text)) return { text, width, ...range };
    const label = markLabel(text, pastes).slice(0, columns);
    return { text: label, width: label.length, ...range };
  });
}
