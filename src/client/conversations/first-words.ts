import { oneLine } from "../../text/sanitize.ts";
import { readAt, type Handle } from "./open-file.ts";
import { TITLE_CHARACTERS } from "./record.ts";

/** The header and the beginning of the first turn lie in this much. */
const BITE = 4 * 1024;

/** What is written of the first turn's question, as far as it was read. */
const question = /\{"is":"turn"[^\n]*?"question":"((?:[^"\\\n]|\\.)*)/;

/** Text out of the inside of a JSON string that may be cut off, perhaps within an escape. */
function unescaped(written: string): string {
  for (let cut = 0; cut < 6; cut += 1) {
    try {
      return JSON.parse(`"${written.slice(0, written.length - cut)}"`) as string;
    } catch {
      // Once more without its last character.
    }
  }
  return "";
}

/** How the first question of a file begins, on one line; "" where that isn't to be found at its beginning. */
export async function readFirstWords(handle: Handle, size: number): Promise<string> {
  const head = (await readAt(handle, 0, Math.min(BITE, size))).toString();
  const written = question.exec(head)?.[1] ?? "";
  // The bite may have ended within a character.
  return oneLine(unescaped(written).replace(/\uFFFD$/, ""), TITLE_CHARACTERS);
}
