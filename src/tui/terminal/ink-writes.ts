/** A cursor as Ink 6.8 asks for it: `up` rows above the line below the frame, column `x` from 0. */
export type InkCursor = { up: number; x: number };

/** What one write of Ink 6.8 means (log-update.js, cursor-helpers.js and write-synchronized.js there). */
export type InkWrite =
  | { kind: "begin" }
  | { kind: "end" }
  /** The tree is unmounted: Ink shows the cursor alone at no other time. */
  | { kind: "unmount" }
  /** The frame is to disappear. */
  | { kind: "clear" }
  /** The frame stays, the cursor moves or (undefined) goes. */
  | { kind: "cursor"; cursor: InkCursor | undefined }
  /** A frame, or text that the app or console.log wrote through Ink. */
  | { kind: "text"; text: string; cursor: InkCursor | undefined };

const ESC = "\u001b";
// Ahead of a frame: hide the cursor and go below the old frame, then "erase line, up" for each old row.
const BEFORE = new RegExp(
  `^(?:${ESC}\\[\\?25l)?(?:${ESC}\\[\\d+B)?(?:${ESC}\\[1G)?((?:${ESC}\\[2K(?:${ESC}\\[1A)?)*(?:${ESC}\\[G)?)`,
);
// Behind it: up, to the column, show the cursor.
const AFTER = new RegExp(`(?:${ESC}\\[(\\d+)A)?${ESC}\\[(\\d+)G${ESC}\\[\\?25h$`);

/**
 * Reads one write of Ink 6.8.0 (never in its debug, screen-reader or incremental mode). Where to erase isn't kept: the
 * reader knows what is on its screen.
 */
export function readInkWrite(write: string): InkWrite {
  if (write === `${ESC}[?2026h`) return { kind: "begin" };
  if (write === `${ESC}[?2026l`) return { kind: "end" };
  if (write === `${ESC}[?25h`) return { kind: "unmount" };
  const before = BEFORE.exec(write)!;
  const rest = write.slice(before[0].length);
  const after = AFTER.exec(rest);
  const cursor = after ? { up: Number(after[1] ?? 0), x: Number(after[2]) - 1 } : undefined;
  const text = after ? rest.slice(0, after.index) : rest;
  if (text !== "") return { kind: "text", text, cursor };
  return before[1] === "" ? { kind: "cursor", cursor } : { kind: "clear" };
}
