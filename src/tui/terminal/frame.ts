import type { Reflow } from "./reflow.ts";
import { rowsOf } from "./width.ts";

/** The live area: its lines and the cursor in it (from 0; undefined: hidden, below the last line). */
export type Frame = { lines: string[]; cursor?: Cursor | undefined };

type Cursor = { x: number; y: number };

const HIDE_CURSOR = "\u001b[?25l";
export const SHOW_CURSOR = "\u001b[?25h";

// Erases from the cursor's row to the end of the screen. CSI J alone won't do: in the top left corner, tmux treats it as
// "clear the screen" and moves the old frame into the scrollback.
export const ERASE_BELOW = "\r\u001b[K\u001b[C\u001b[J\r";

/**
 * The escape sequences that replace the frame on the screen by the next one and put finished text (whole lines) above
 * it. Equal lines at the top are not drawn again. With `up`, the number of rows above the cursor where the old frame
 * begins (see rowsAboveCursor), the whole frame is erased.
 */
export function transition(
  from: Frame | undefined,
  to: Frame | undefined,
  columns: number,
  { finished = "", up }: { finished?: string; up?: number | undefined } = {},
): string {
  const kept = from && to && up === undefined && finished === "" ? commonLines(from.lines, to.lines) : 0;
  const unchanged = kept === from?.lines.length && kept === to?.lines.length;
  const top = from && (up === undefined ? moveToLine(from, kept, columns) : moveRows(-up));
  const erase = top === undefined ? "" : `${top}\r${unchanged ? "" : ERASE_BELOW}`;
  const lines = to?.lines.slice(kept).map((line) => `${line}\n`) ?? [];
  return HIDE_CURSOR + erase + finished + lines.join("") + (to ? placeCursor(to, columns) : "");
}

/**
 * How many rows above the cursor the frame begins after the terminal was resized from `frame.columns` to each of `widths`,
 * in turn. `isShorter`: it also has had fewer rows.
 */
export function rowsAboveCursor(
  frame: Frame & { columns: number },
  widths: number[],
  reflow: Reflow,
  isShorter = false,
): number {
  const { lines, cursor } = frame;
  const y = cursor?.y ?? lines.length;
  if (reflow === "none") return heightOf(lines.slice(0, y), frame.columns);
  const now = widths.at(-1) ?? frame.columns;
  const above = heightOf(lines.slice(0, y), now);
  if (!cursor) return above;
  if (reflow === "exact") return above + Math.floor(cursor.x / now);
  // xterm.js first drops rows below the cursor, so how far it is pushed down is unknown. A stale row is better than a
  // lost one.
  if (isShorter) return above;
  return pushedRow(frame.columns, lines, y, widths);
}

/**
 * The cursor's row in a frame that xterm.js has reflowed. Each width wraps all lines but the one where the cursor is then,
 * and moves the cursor by all rows that this adds or removes: it may leave its line and keep another one wrapped.
 */
function pushedRow(columns: number, lines: string[], y: number, widths: number[]): number {
  const heights = lines.map((line) => rowsOf(line, columns));
  let cursor = heightOf(lines.slice(0, y), columns);
  for (const width of widths) {
    let [row, added] = [0, 0];
    for (const [line, text] of lines.entries()) {
      const height = heights[line]!;
      const isCursors = row <= cursor && cursor < row + height;
      row += height;
      if (!isCursors) added += (heights[line] = rowsOf(text, width)) - height;
    }
    cursor += added;
  }
  return cursor;
}

/** The frame without the lines at its top that do not fit into `rows - 1` rows of the terminal. */
export function cropFrame(frame: Frame, columns: number, rows: number): Frame {
  let room = Math.max(1, rows - 1);
  let first = frame.lines.length;
  while (first > 0 && rowsOf(frame.lines[first - 1]!, columns) <= room)
    room -= rowsOf(frame.lines[--first]!, columns);
  if (first === 0) return frame;
  const { cursor } = frame;
  const visible = cursor && cursor.y >= first ? { x: cursor.x, y: cursor.y - first } : undefined;
  return { lines: frame.lines.slice(first), cursor: visible };
}

/** The cursor's line and those below it; undefined without a cursor. */
export function fromCursor({ lines, cursor }: Frame): { lines: string[]; cursor: Cursor } | undefined {
  return cursor && { lines: lines.slice(cursor.y), cursor: { x: cursor.x, y: 0 } };
}

function commonLines(a: string[], b: string[]): number {
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return same;
}

/** Moves from the cursor of the frame to one of its lines. */
function moveToLine(frame: Frame, line: number, columns: number): string {
  const now = heightOf(frame.lines.slice(0, frame.cursor?.y ?? frame.lines.length), columns);
  return moveRows(heightOf(frame.lines.slice(0, line), columns) - now);
}

function moveRows(rows: number): string {
  if (rows === 0) return "";
  return rows < 0 ? `\u001b[${-rows}A` : `\u001b[${rows}B`;
}

function placeCursor(frame: Frame, columns: number): string {
  if (!frame.cursor) return "";
  const up = heightOf(frame.lines.slice(frame.cursor.y), columns);
  return moveRows(-up) + `\u001b[${frame.cursor.x + 1}G` + SHOW_CURSOR;
}

function heightOf(lines: string[], columns: number): number {
  return lines.reduce((rows, line) => rows + rowsOf(line, columns), 0);
}
