import { readAt, type Handle } from "./open-file.ts";

/** One line of a file without its end. */
export interface Line {
  /** Where it begins, in bytes. */
  start: number;
  bytes: Buffer;
  /** Whether it has a line end. The last one may have none: it was cut short, or is being written. */
  ended: boolean;
}

/** Bytes of the first read. Each further read is twice as large: short lines cost little, long ones few reads. */
const FIRST_BITE = 8 * 1024;
const LARGEST_BITE = 1024 * 1024;
const NEWLINE = 0x0a;

/** The lines of the first `size` bytes, last one first. Reads only as far back as the caller goes on. */
export async function* linesBack(handle: Handle, size: number): AsyncGenerator<Line, void, undefined> {
  /** Pieces of the line that begins further back, in their order: joined once, so that a long one takes linear time. */
  let unfinished: Buffer[] = [];
  let isLast = true;
  let bite = FIRST_BITE;
  for (let at = size; at > 0; bite = Math.min(bite * 2, LARGEST_BITE)) {
    const length = Math.min(bite, at);
    at -= length;
    const piece = await readAt(handle, at, length);
    let end = piece.lastIndexOf(NEWLINE);
    if (end < 0) {
      unfinished.unshift(piece);
      continue;
    }
    const bytes = Buffer.concat([piece, ...unfinished]);
    let to = bytes.length;
    while (end >= 0) {
      if (!isLast || end + 1 < to)
        yield { start: at + end + 1, bytes: bytes.subarray(end + 1, to), ended: !isLast };
      isLast = false;
      to = end;
      end = end === 0 ? -1 : bytes.lastIndexOf(NEWLINE, end - 1);
    }
    unfinished = [bytes.subarray(0, to)];
  }
  if (size > 0) yield { start: 0, bytes: Buffer.concat(unfinished), ended: !isLast };
}
