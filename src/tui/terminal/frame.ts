import { rowsOf } from "./width.ts";

/** The live area: its lines, and where the cursor stands in it (from 0; undefined: hidden, below the last line). */
export type Frame = { lines: string[]; cursor?: { x: number; y: number } | undefined };

export const HIDE_CURSOR = "\u001b[?25l";
export const SHOW_CURSOR = "\u001b[?25h";

// Erases from here to the end of the screen, and stays. Not simply CSI J at the left edge: at the top left corner tmux
// takes that for "clear the screen" and pushes the old frame into the scrollback.
const ERASE_BELOW = "\r\u001b[K\u001b[C\u001b[J\r";

/**
 * The escape sequences that turn the frame on the screen into the next one, with finished text (whole lines) going
 * into the scrollback between. Lines at the top that stay the same are left alone, unless `whole`.
 * `columns` is the terminal's width now: lines of `from` that are longer have been reflowed by the terminal.
 */
export function transition(
  from: Frame | undefined,
  to: Frame | undefined,
  columns: number,
  { finished = "", whole = false }: { finished?: string; whole?: boolean } = {},
): string {
  const kept = from && to && !whole && finished === "" ? commonLines(from.lines, to.lines) : 0;
  const unchanged = kept === from?.lines.length && kept === to?.lines.length;
  const erase = from ? moveToLine(from, kept, columns) + (unchanged ? "" : ERASE_BELOW) : "";
  const lines = to?.lines.slice(kept).map((line) => `${line}\n`) ?? [];
  return HIDE_CURSOR + erase + finished + lines.join("") + (to ? placeCursor(to, columns) : "");
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

/** From where the frame left the cursor to the left edge of one of its lines. */
function moveToLine(frame: Frame, line: number, columns: number): string {
  const now = heightOf(frame.lines.slice(0, frame.cursor?.y ?? frame.lines.length), columns);
  const rows = heightOf(frame.lines.slice(0, line), columns) - now;
  return (rows === 0 ? "" : rows < 0 ? `\u001b[${-rows}A` : `\u001b[${rows}B`) + "\r";
}

function placeCursor(frame: Frame, columns: number): string {
  if (!frame.cursor) return "";
  const up = heightOf(frame.lines.slice(frame.cursor.y), columns);
  return (up > 0 ? `\u001b[${up}A` : "") + `\u001b[${frame.cursor.x + 1}G` + SHOW_CURSOR;
}

function heightOf(lines: string[], columns: number): number {
  return lines.reduce((rows, line) => rows + rowsOf(line, columns), 0);
}
