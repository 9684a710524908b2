/** A cursor as Ink 6.8 asks for it: `up` rows above the line below the frame, column `x` from 0. */
export type InkCursor = { up: number; x: number };

type InkFrame = { text: string; cursor: InkCursor | undefined };

/** Receives what Ink writes. */
export interface InkHandler {
  /** The next frame; `above` is what the console or the app wrote before it, each text with its line end, or "". */
  frame(frame: InkFrame, above: string): void;
  /** The frame stays; the cursor moves, or is hidden (undefined). */
  cursor(cursor: InkCursor | undefined): void;
  /** The frame is erased. */
  clear(): void;
  /** Ink has ended: its last frame is text from now on. */
  unmount(): void;
  /** A write that is not Ink's, for the terminal as it is; returns what a stream's write() returns. */
  other(write: string): boolean;
}

const ESC = "\u001b";
const BEGIN_BLOCK = `${ESC}[?2026h`;
const END_BLOCK = `${ESC}[?2026l`;
// Ink shows the cursor in a write of its own only when the tree is unmounted.
const UNMOUNT = `${ESC}[?25h`;
// Before a frame: hide the cursor and go below the old frame, then "erase line, up" for each old row.
const BEFORE = new RegExp(
  `^(?:${ESC}\\[\\?25l)?(?:${ESC}\\[\\d+B)?(?:${ESC}\\[1G)?((?:${ESC}\\[2K(?:${ESC}\\[1A)?)*(?:${ESC}\\[G)?)`,
);
// After it: up, to the column, show the cursor.
const AFTER = new RegExp(`(?:${ESC}\\[(\\d+)A)?${ESC}\\[(\\d+)G${ESC}\\[\\?25h$`);

/**
 * Returns a function that takes the writes of Ink 6.8.0 one by one (log-update.js, cursor-helpers.js and
 * write-synchronized.js there), and returns what a stream's write() returns. Not for Ink's debug, screen-reader or
 * incremental mode. Where Ink erases is ignored: the handler knows what is on its screen.
 */
export function followInk(handler: InkHandler): (write: string) => boolean {
  let block: InkFrame[] | undefined; // texts of an open synchronized block

  /** In one synchronized block Ink writes the text of the console or the app first, and its frame last. */
  const endBlock = () => {
    const texts = block ?? [];
    block = undefined;
    const frame = texts.pop();
    if (!frame) return;
    handler.frame(frame, texts.map(({ text }) => (text.endsWith("\n") ? text : `${text}\n`)).join(""));
  };

  return (write) => {
    if (write === BEGIN_BLOCK) block = [];
    else if (write === END_BLOCK) endBlock();
    else if (write === UNMOUNT) handler.unmount();
    else {
      const { text, cursor, erases } = split(write);
      if (text !== "" && !block) return handler.other(write);
      if (text !== "") block?.push({ text, cursor });
      else if (erases) handler.clear();
      else handler.cursor(cursor);
    }
    return true;
  };
}

function split(write: string): InkFrame & { erases: boolean } {
  const before = BEFORE.exec(write)!;
  const rest = write.slice(before[0].length);
  const after = AFTER.exec(rest);
  const cursor = after ? { up: Number(after[1] ?? 0), x: Number(after[2]) - 1 } : undefined;
  return { text: after ? rest.slice(0, after.index) : rest, cursor, erases: before[1] !== "" };
}
