import type { Turn } from "../../protocol/bodies.ts";
import { chatBodyBytes, firstFitting, type ChatLimits } from "../../protocol/chat-limits.ts";
import { CHAT_BODY_BYTES, HISTORY_ENTRIES } from "../../protocol/limits.ts";
import { splitSummary } from "./summarized.ts";

/** Bytes of the body for the token, the field names, and what another server may count besides. */
const OVERHEAD_BYTES = 8 * 1024;

/**
 * The newest turns that fit into a request, the first one a question (docs/http-api.md#history): as many as the model takes.
 * If the server does not tell its limits, at most 200 entries, and no body over 1 MiB. `before`: turns that come first and
 * are never left out, as a summary is.
 */
export function historyFor(
  turns: readonly Turn[],
  message: string,
  limits?: ChatLimits,
  before: readonly Turn[] = [],
): Turn[] {
  const { summary, rest } = splitSummary(turns);
  const pinned = [...before, ...summary];
  const most = (limits?.turns ?? HISTORY_ENTRIES) - pinned.length;
  const beside = pinned.map(({ content }) => content).join("") + message;
  let room =
    (limits ? chatBodyBytes(limits) : CHAT_BODY_BYTES) - OVERHEAD_BYTES - bytes(beside) - 40 * pinned.length;
  let first = rest.length;
  while (first > 0 && rest.length - first < most) {
    room -= bytes((rest[first - 1] as Turn).content) + 40;
    if (room < 0) break;
    first -= 1;
  }
  // A stopped answer may end within a surrogate pair, which servers reject.
  const sendable = rest.slice(first).map(({ role, content }) => ({ role, content: content.toWellFormed() }));
  const fitting = limits ? sendable.slice(firstFitting(sendable, beside, limits.context)) : sendable;
  const start = fitting.findIndex((turn) => turn.role === "user");
  return [...pinned, ...(start < 0 ? [] : fitting.slice(start))];
}

/** UTF-8 bytes as JSON, with its escapes. */
function bytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
