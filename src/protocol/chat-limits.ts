import type { Turn } from "./bodies.ts";
import { codePoints } from "../text/code-points.ts";
import { CHAT_BODY_BYTES, INSTRUCTIONS_CHARACTERS, MOST_CHAT_BODY_BYTES } from "./limits.ts";

/** How much a model takes with one question (docs/http-api.md#limits). Characters are Unicode code points. */
export interface ChatLimits {
  /** Most characters of a message. */
  message: number;
  /** Most characters of message, instructions and history that reach the AI. 0: no history does; the others may be longer. */
  context: number;
  /** Most entries of `history`. */
  turns: number;
}

/** A character takes up to twelve bytes of JSON (`\ud83d\ude00`). */
const BYTES = 12;
/** For the names of the fields, the token, and the entries of the history. */
const FRAME_BYTES = 64 * 1024;

/** Largest body of a chat request in bytes, counted unpacked: whatever the limits allow fits. */
export function chatBodyBytes({ message, context }: Pick<ChatLimits, "message" | "context">): number {
  // Without a context the instructions come on top of the message.
  const characters = context === 0 ? message + INSTRUCTIONS_CHARACTERS : Math.max(message, context);
  const needed = BYTES * characters + FRAME_BYTES;
  return Math.min(MOST_CHAT_BODY_BYTES, Math.max(CHAT_BODY_BYTES, needed));
}

/**
 * Index of the first turn that goes to the AI: the newest ones that fit into `context` characters together with the
 * message (docs/http-api.md#history). After a cut the first one is of the user, because some models refuse any other.
 */
export function firstFitting(history: readonly Turn[], message: string, context: number): number {
  // No text has more code points than UTF-16 code units: most conversations need no counting.
  let units = message.length;
  for (const { content } of history) units += content.length;
  if (units <= context) return 0;
  let room = context - codePoints(message);
  let first = history.length;
  while (first > 0) {
    room -= codePoints(history[first - 1]!.content);
    if (room < 0) break;
    first -= 1;
  }
  if (first === 0) return 0;
  while (first < history.length && history[first]!.role !== "user") first += 1;
  return first;
}
