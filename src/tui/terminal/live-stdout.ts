import { cropFrame, type Frame, rowsAboveCursor, SHOW_CURSOR, transition } from "./frame.ts";
import { inkStdout } from "./ink-stdout.ts";
import { followInk, type InkCursor } from "./ink-writes.ts";
import type { Reflow } from "./reflow.ts";

/** The screen as the session sees it: a live area that Ink draws, and above it text that is finished. */
export type LiveStdout = {
  /** For Ink's render(). Its `rows` is never reached, so Ink never clears the terminal; `columns` is the real one. */
  readonly stdout: NodeJS.WriteStream;
  /** The terminal's real size, 80 by 24 where it doesn't tell. A frame has `rows - 1` rows; a higher one loses its top. */
  readonly columns: number;
  readonly rows: number;
  /**
   * Puts finished text (a missing last line end is added) above the live area, for good. It joins Ink's next frame in
   * the same write, so call it before the state change that takes the text out of the live area; without a frame it
   * appears by itself after 150 ms.
   */
  print(text: string): void;
  /** Shows at once what print() holds. */
  flush(): void;
  /** Says how this terminal reflows, once it has told (see reflow.ts). */
  setReflow(reflow: Reflow): void;
  /** Calls the listener when the size changed, a tick before Ink draws; returns the way to stop it. */
  onResize(listener: () => void): () => void;
  /** Draws the frame again on an empty screen; what was on it goes into the scrollback. */
  clearScreen(): void;
  /** Takes the frame off the screen and draws nothing until resume(): for an editor, or before SIGTSTP. */
  pause(): void;
  /** Draws the frame again where the cursor is now, under what was printed meanwhile. */
  resume(): void;
  /** Leaves the last frame on the screen with the cursor below it; print() then writes straight. Idempotent. */
  dispose(): void;
};

/** A frame on the screen, and the size for which it was drawn. */
type Shown = Frame & { columns: number; rows: number };

const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";

/**
 * Stands between Ink 6.8 and the terminal. It reads from Ink's writes only which frame and cursor it wants, and draws
 * them itself in one synchronized write each, because only who knows what is on the screen can put finished text above
 * the frame without drawing it twice, and erase it whole after the terminal reflowed it. Never clears the scrollback.
 */
export function createLiveStdout(
  real: NodeJS.WriteStream,
  { reflow = "exact", promptly = 150 }: { reflow?: Reflow; promptly?: number } = {},
): LiveStdout {
  let shown: Shown | undefined; // what is on the screen
  let wanted: Frame | undefined; // what Ink wants there
  let pending = ""; // finished text that waits for the next frame
  let paused = false;
  let resizing = false;
  let disposed = false;
  let timer: NodeJS.Timeout | undefined;
  const listeners = new Set<() => void>();
  const columns = () => real.columns || 80;
  const rows = () => real.rows || 24;

  /** What makes the screen show another frame, finished text first. */
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

  /** Makes the screen what Ink wants. */
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

  /** Ink is gone: its last frame becomes text. */
  function finish(): void {
    if (!wanted && pending === "") return;
    wanted = paused || !wanted ? undefined : { lines: wanted.lines };
    paused = false;
    draw();
    if (wanted) real.write(SHOW_CURSOR);
    wanted = undefined;
    shown = undefined;
  }

  /** Ink's own idea of the screen, told by its writes. */
  const take = followInk({
    frame({ text, cursor }, above) {
      pending += above;
      want(text, cursor);
      if (!resizing) draw();
    },
    clear() {
      // When the window narrows, the next frame follows; what is on the screen is erased with it.
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

  /** Moves the cursor alone; finished text goes on waiting for a frame that no longer holds it. */
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
    // A tick later, so that React has rendered for the new size before Ink draws: its scheduler uses setImmediate too.
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
      // Line feeds at the bottom move every row into the scrollback, where CSI 2 J would lose it in some terminals.
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

/** Asks the terminal for its size: what SIGWINCH is about to tell may already be so. Node has it, but not in its types. */
function refreshSize(real: NodeJS.WriteStream & { _refreshSize?: () => void }): void {
  // oxlint-disable-next-line no-underscore-dangle -- Node's own name
  real._refreshSize?.();
}
