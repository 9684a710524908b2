import type { Turn } from "../../protocol/bodies.ts";
import { CHAT_BODY_BYTES, HISTORY_ENTRIES } from "../../protocol/limits.ts";

/** Room in the body for the token, the field names and whatever a server of others adds to its count. */
const OVERHEAD_BYTES = 8 * 1024;

/**
 * The newest turns that may go with a question: at most 200 entries, the whole body within 1 MiB (API.md §2), and
 * beginning with a question.
 */
export function historyFor(turns: readonly Turn[], message: string): Turn[] {
  let room = CHAT_BODY_BYTES - OVERHEAD_BYTES - bytes(message);
  let first = turns.length;
  while (first > 0 && turns.length - first < HISTORY_ENTRIES) {
    room -= bytes((turns[first - 1] as Turn).content) + 40;
    if (room < 0) break;
    first -= 1;
  }
  // A stopped answer may end within a surrogate pair, which no server takes.
  const fitting = turns.slice(first).map(({ role, content }) => ({ role, content: content.toWellFormed() }));
  const start = fitting.findIndex((turn) => turn.role === "user");
  return start < 0 ? [] : fitting.slice(start);
}

/** As JSON, where a control character or a quote takes more than itself. */
function bytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
