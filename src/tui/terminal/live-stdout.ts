import { cropFrame, type Frame, rowsAboveCursor, SHOW_CURSOR, transition } from "./frame.ts";
import { inkStdout } from "./ink-stdout.ts";
import { followInk, type InkCursor } from "./ink-writes.ts";
import type { Reflow } from "./reflow.ts";

/** The screen of the session: a live area that Ink draws, and finished text above it. */
export type LiveStdout = {
  /** For Ink's render(). `columns` is the real one; `rows` is so large that Ink never clears the terminal. */
  readonly stdout: NodeJS.WriteStream;
  /** The terminal's size, 80 by 24 if it is unknown. A frame higher than `rows - 1` loses its top. */
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
  /** Leaves the last frame on the screen, the cursor below it; print() then writes directly. Idempotent. */
  dispose(): void;
};

/** The frame on the screen and the terminal size for which it was drawn. */
type Shown = Frame & { columns: number; rows: number };

const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";

/**
 * Sits between Ink 6.8 and the terminal. It takes only frames and cursors from Ink's writes, and draws each in one
 * synchronized write of its own. Because it knows what is on the screen, it can put finished text above the frame
 * without drawing it twice, and erase a frame that the terminal has reflowed. It never clears the scrollback.
 */
export function createLiveStdout(
  real: NodeJS.WriteStream,
  { reflow = "exact", promptly = 150 }: { reflow?: Reflow; promptly?: number } = {},
): LiveStdout {
  let shown: Shown | undefined; // what is on the screen
  let wanted: Frame | undefined; // the last frame of Ink
  let pending = ""; // finished text that is written with the next frame
  let paused = false;
  let resizing = false;
  let disposed = false;
  let timer: NodeJS.Timeout | undefined;
  const listeners = new Set<() => void>();
  const columns = () => real.columns || 80;
  const rows = () => real.rows || 24;

  /** The sequences that show another frame, with finished text above it. */
  function change(next: Frame | undefined, whole = false): string {
    clearTimeout(timer);
    const size = { columns: columns(), rows: rows() };
    const isResized = shown && (shown.columns !== size.columns || shown.rows !== size.rows);
    const up =
      shown && (whole || isResized)
        ? rowsAboveCursor(shown, size.columns, reflow, size.rows < shown.rows)
        : undefined;
    const bytes = transition(shown, next, size.columns, { finished: pending, up });
    pending = "";
    shown = next && { ...next, ...size };
    return bytes;
  }

  /** Draws the last frame of Ink. */
  function draw(whole = false): void {
    if (paused) return;
    refreshSize(real);
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
    if (!wanted && pending === "") return;
    wanted = paused || !wanted ? undefined : { lines: wanted.lines };
    paused = false;
    draw();
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
      if (shown && !resizing && !paused) redrawCursor();
    },
    unmount: finish,
    // Not Ink's: a bell, a title, OSC 52.
    other: (write) => real.write(write),
  });

  /** Moves only the cursor. Finished text still waits for a frame that no longer contains it. */
  function redrawCursor(): void {
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

  function onRealResize(): void {
    for (const listener of listeners) listener();
    // A tick later, so that React renders for the new size before Ink draws: its scheduler uses setImmediate too.
    setImmediate(() => {
      if (disposed) return;
      resizing = true;
      stdout.emit("resize");
      resizing = false;
      if (wanted) draw(true);
    });
  }

  const stdout = inkStdout(real, columns, take);
  real.on("resize", onRealResize);

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
    dispose() {
      if (disposed) return;
      disposed = true;
      clearTimeout(timer);
      real.off("resize", onRealResize);
      finish();
    },
  };
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
