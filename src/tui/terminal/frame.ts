import type { Reflow } from "./reflow.ts";
import { rowsOf } from "./width.ts";

/** The live area: its lines, and where the cursor stands in it (from 0; undefined: hidden, below the last line). */
export type Frame = { lines: string[]; cursor?: { x: number; y: number } | undefined };

const HIDE_CURSOR = "\u001b[?25l";
export const SHOW_CURSOR = "\u001b[?25h";

// Erases from here to the end of the screen, and stays. Not simply CSI J at the left edge: at the top left corner tmux
// takes that for "clear the screen" and pushes the old frame into the scrollback.
const ERASE_BELOW = "\r\u001b[K\u001b[C\u001b[J\r";

/**
 * The escape sequences that turn the frame on the screen into the next one, with finished text (whole lines) going
 * into the scrollback between. Lines at the top that stay the same are left alone, unless `up` says how many rows
 * above the cursor the old frame begins (see rowsAboveCursor): then it is erased whole.
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
 * How many rows above the cursor the frame begins, after the terminal went from the columns for which the frame was
 * drawn to those it has now; `isShorter`: it has fewer rows now, too.
 */
export function rowsAboveCursor(
  frame: Frame & { columns: number },
  now: number,
  reflow: Reflow,
  isShorter = false,
): number {
  const { lines, cursor } = frame;
  const y = cursor?.y ?? lines.length;
  if (reflow === "none") return heightOf(lines.slice(0, y), frame.columns);
  const above = heightOf(lines.slice(0, y), now);
  if (!cursor) return above;
  if (reflow === "exact") return above + Math.floor(cursor.x / now);
  // xterm.js first drops rows below the cursor: nobody knows how many are left to push it down. Better a stale row than
  // a lost one.
  if (isShorter) return above;
  const below = lines.slice(y + 1);
  return above + heightOf(below, now) - heightOf(below, frame.columns);
}

/** The frame without the lines at its top that `rows - 1` rows of the terminal can't hold. Lines are never wrapped away. */
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

function commonLines(a: string[], b: string[]): number {
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return same;
}

/** From where the frame left the cursor to the row of one of its lines. */
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
