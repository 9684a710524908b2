import {
  cropFrame,
  ERASE_BELOW,
  type Frame,
  fromCursor,
  rowsAboveCursor,
  SHOW_CURSOR,
  transition,
} from "./frame.ts";
import { inkStdout } from "./ink-stdout.ts";
import { followInk, type InkCursor } from "./ink-writes.ts";
import type { Reflow } from "./reflow.ts";
import { rowsOf } from "./width.ts";
import { followSize, type Quiet, type Size } from "./window-size.ts";

/** The screen of the session: a live area that Ink draws, and finished text above it. */
export type LiveStdout = {
  /** For Ink's render(). `columns` is the real one; `rows` is so large that Ink never clears the terminal. */
  readonly stdout: NodeJS.WriteStream;
  /**
   * The terminal's size, 80 by 24 if it is unknown; while it keeps changing, the smallest of the last second. A frame
   * higher than `rows - 1` loses its top.
   */
  readonly columns: number;
  readonly rows: number;
  /**
   * Puts finished text above the live area; a missing last line end is added. It is written together with Ink's next
   * frame, so call it before the state change that removes the text from the live area. Without a new frame it is
   * written after 150 ms.
   */
  print(text: string): void;
  /** Writes at once what print() has queued. */
  flush(): void;
  /** Sets how this terminal reflows, once that is known (see reflow.ts). */
  setReflow(reflow: Reflow): void;
  /** Calls the listener when the size has changed, a tick before Ink draws. Returns a function that removes it. */
  onResize(listener: () => void): () => void;
  /** Draws the frame again on an empty screen; the old content moves into the scrollback. */
  clearScreen(): void;
  /** Erases the frame and draws nothing until resume(): for an editor, or before SIGTSTP. */
  pause(): void;
  /** Draws the frame again at the cursor, below what was printed meanwhile. */
  resume(): void;
  /** Draws the frame at the cursor, wherever that is now: another program has written, and the frame there is text. */
  again(): void;
  /** Leaves the last frame on the screen, the cursor below it; print() then writes directly. Idempotent. */
  dispose(): void;
};

/**
 * The frame on the screen, the terminal size for which it was drawn, and what the terminal had since: its widths, and the
 * fewest rows.
 */
type Shown = Frame & { columns: number; rows: number; widths: number[]; lowest: number };

const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";

/**
 * Sits between Ink 6.8 and the terminal. It takes only frames and cursors from Ink's writes, and draws each in one
 * synchronized write of its own. Because it knows what is on the screen, it can put finished text above the frame
 * without drawing it twice, and erase a frame that the terminal has reflowed. It never clears the scrollback.
 */
export function createLiveStdout(
  real: NodeJS.WriteStream,
  { reflow = "exact", promptly = 150, quiet }: { reflow?: Reflow; promptly?: number; quiet?: Quiet } = {},
): LiveStdout {
  let shown: Shown | undefined; // what is on the screen
  let wanted: Frame | undefined; // the last frame of Ink
  let pending = ""; // finished text that is written with the next frame
  let paused = false;
  let resizing = false;
  let disposed = false;
  let timer: NodeJS.Timeout | undefined;
  const listeners = new Set<() => void>();
  const columns = () => size.smallest().columns;
  const rows = () => size.smallest().rows;

  /** The sequences that show another frame, with finished text above it. */
  function change(next: Frame | undefined, whole = false): string {
    clearTimeout(timer);
    const now = size.now();
    if (shown) note(shown, now);
    const isResized = shown && (shown.widths.length > 0 || shown.rows !== now.rows);
    const up =
      shown && (whole || isResized)
        ? rowsAboveCursor(shown, shown.widths, reflow, shown.lowest < shown.rows)
        : undefined;
    const bytes = transition(shown, next, columns(), { finished: pending, up });
    pending = "";
    shown = next && { ...next, columns: columns(), rows: rows(), widths: [], lowest: now.rows };
    return bytes;
  }

  /** Draws the last frame of Ink, unless sizes keep changing. */
  function draw(whole = false): void {
    refreshSize(real);
    if (!size.isChanging) drawNow(whole);
  }

  function drawNow(whole: boolean): void {
    if (paused) return;
    const bytes = change(wanted && cropFrame(wanted, columns(), rows()), whole);
    real.write(BEGIN + bytes + (wanted ? "" : SHOW_CURSOR) + END);
  }

  function want(text: string, cursor: InkCursor | undefined): void {
    wanted = { lines: text.replace(/\n$/, "").split("\n") };
    moveCursor(cursor);
  }

  function moveCursor(cursor: InkCursor | undefined): void {
    if (wanted) wanted = { lines: wanted.lines, cursor: place(cursor, wanted.lines.length) };
  }

  /** Ink has ended: its last frame becomes text. */
  function finish(): void {
    refreshSize(real);
    size.settle();
    if (!wanted && pending === "") return;
    wanted = paused || !wanted ? undefined : { lines: wanted.lines };
    paused = false;
    drawNow(false);
    if (wanted) real.write(SHOW_CURSOR);
    wanted = undefined;
    shown = undefined;
  }

  const take = followInk({
    frame({ text, cursor }, above) {
      pending += above;
      want(text, cursor);
      if (!resizing) draw();
    },
    clear() {
      // When the window narrows, Ink draws the next frame at once; that erases the old one.
      if (resizing) return;
      wanted = undefined;
      draw();
    },
    cursor(cursor) {
      if (!wanted) return;
      moveCursor(cursor);
      if (shown && !resizing && !paused) redraw();
    },
    unmount: finish,
    // Not Ink's: a bell, a title, OSC 52.
    other: (write) => real.write(write),
  });

  /** Draws without the finished text, which still waits for a frame that no longer contains it. */
  function redraw(): void {
    const waiting = pending;
    pending = "";
    draw();
    if (waiting !== "") hold(waiting);
  }

  function hold(text: string): void {
    pending += text;
    clearTimeout(timer);
    timer = setTimeout(() => draw(), promptly);
  }

  /**
   * Draws from the cursor's line on, in the smallest size, unless the terminal may have wrapped what is there. The lines
   * above stay as they are.
   */
  function drawBelow(): void {
    const [from, to] = [shown, wanted].map((frame) => frame && fromCursor(frame));
    if (!shown || !from || !to || paused) return;
    const sensitive = reflow === "xterm.js" ? from.lines : from.lines.slice(0, reflow === "exact" ? 1 : 0);
    if ([...sensitive, ...to.lines].some((line) => rowsOf(line, columns()) > 1)) return;
    if (to.lines.length >= rows()) return;
    real.write(BEGIN + transition(from, to, columns(), { up: 0 }) + END);
    const above = shown.lines.slice(0, -from.lines.length);
    shown = { ...shown, lines: [...above, ...to.lines], cursor: { x: to.cursor.x, y: above.length } };
  }

  function tellSize(then = () => {}): void {
    for (const listener of listeners) listener();
    // A tick later, so that React renders for the new size before Ink draws: its scheduler uses setImmediate too.
    setImmediate(() => {
      if (disposed) return;
      resizing = true;
      stdout.emit("resize");
      resizing = false;
      then();
    });
  }

  const stdout = inkStdout(real, columns, take);
  /*
   * While sizes keep changing, a frame can reach the terminal at another size than the one it was made for: its rows would
   * be counted wrong. So nothing is drawn until sizes are quiet, and after a long time only what needs no counting.
   */
  const size = followSize(
    real,
    {
      changed(size) {
        if (shown) note(shown, size);
      },
      smaller: () => tellSize(),
      longer: drawBelow,
      quiet: () =>
        tellSize(() => {
          if (wanted || shown || pending !== "") draw(true);
        }),
    },
    () => shown,
    quiet,
  );

  return {
    stdout,
    get columns() {
      return columns();
    },
    get rows() {
      return rows();
    },
    print(text) {
      const lines = text === "" || text.endsWith("\n") ? text : `${text}\n`;
      if (!wanted && !paused) {
        real.write(lines);
        return;
      }
      hold(lines);
    },
    flush() {
      if (pending !== "") draw();
    },
    setReflow(known) {
      reflow = known;
    },
    onResize(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    clearScreen() {
      if (paused) return;
      // Line feeds at the bottom move all rows into the scrollback; with CSI 2 J some terminals would lose them.
      real.write(`${change(undefined)}\u001b[${rows()};1H${"\n".repeat(rows())}\u001b[H`);
      draw();
    },
    pause() {
      if (paused) return;
      real.write(change(undefined) + SHOW_CURSOR);
      paused = true;
    },
    resume() {
      if (!paused) return;
      paused = false;
      if (wanted || pending !== "") draw();
    },
    again() {
      if (paused) return;
      shown = undefined;
      real.write(ERASE_BELOW);
      redraw();
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      clearTimeout(timer);
      size.close();
      finish();
    },
  };
}

/** Notes a size that the terminal has now. */
function note(shown: Shown, { columns, rows }: Size): void {
  if (columns !== (shown.widths.at(-1) ?? shown.columns)) shown.widths.push(columns);
  shown.lowest = Math.min(shown.lowest, rows);
}

function place(cursor: InkCursor | undefined, lines: number): Frame["cursor"] {
  if (!cursor) return undefined;
  return { x: cursor.x, y: Math.max(0, Math.min(lines - 1, lines - cursor.up)) };
}

/** Updates the size, which may change before SIGWINCH arrives. Node has this method, but not in its types. */
function refreshSize(real: NodeJS.WriteStream & { _refreshSize?: () => void }): void {
  // oxlint-disable-next-line no-underscore-dangle -- Node's name
  real._refreshSize?.();
}
