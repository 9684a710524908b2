import type { Turn } from "../../protocol/bodies.ts";
import type { Message } from "./ports.ts";

/**
 * The messages for the AI: the operator's system prompt, the newest turns that fit into `limit` characters (UTF-16 code
 * units) together with the message, and the message, which is never cut (docs/http-api.md#history).
 */
export function contextFor(
  question: { message: string; history: Turn[] },
  { system, limit }: { system: string | undefined; limit: number },
): Message[] {
  let room = limit - question.message.length;
  let first = question.history.length;
  while (first > 0) {
    room -= question.history[first - 1]!.content.length;
    if (room < 0) break;
    first -= 1;
  }
  return [
    ...(system ? [{ role: "system" as const, content: system }] : []),
    ...question.history.slice(first).map(({ role, content }) => ({ role, content })),
    { role: "user" as const, content: question.message },
  ];
}
