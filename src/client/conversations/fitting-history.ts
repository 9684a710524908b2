import type { Turn } from "../../protocol/bodies.ts";
import { CHAT_BODY_BYTES, HISTORY_ENTRIES } from "../../protocol/limits.ts";

/** Bytes of the body for the token, the field names, and what another server may count besides. */
const OVERHEAD_BYTES = 8 * 1024;

/**
 * The newest turns that fit into a request: at most 200 entries, the body within 1 MiB (docs/http-api.md#history), the
 * first one a question.
 */
export function historyFor(turns: readonly Turn[], message: string): Turn[] {
  let room = CHAT_BODY_BYTES - OVERHEAD_BYTES - bytes(message);
  let first = turns.length;
  while (first > 0 && turns.length - first < HISTORY_ENTRIES) {
    room -= bytes((turns[first - 1] as Turn).content) + 40;
    if (room < 0) break;
    first -= 1;
  }
  // A stopped answer may end within a surrogate pair, which servers reject.
  const fitting = turns.slice(first).map(({ role, content }) => ({ role, content: content.toWellFormed() }));
  const start = fitting.findIndex((turn) => turn.role === "user");
  return start < 0 ? [] : fitting.slice(start);
}

/** UTF-8 bytes as JSON, with its escapes. */
function bytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
