import type { Turn } from "../../protocol/bodies.ts";
import { firstFitting } from "../../protocol/chat-limits.ts";
import type { Model } from "./models.ts";
import type { Message } from "./ports.ts";

/** The messages for the AI, and how many turns of the history are among them. */
export interface Context {
  messages: Message[];
  turns: number;
}

/**
 * The operator's system prompt, the newest turns that fit into the model's context together with the message, and the
 * message, which is never cut (docs/http-api.md#history).
 */
export function contextFor(
  { message, history }: { message: string; history: Turn[] },
  { system, contextChars }: Pick<Model, "system" | "contextChars">,
): Context {
  const sent = history.slice(firstFitting(history, message, contextChars));
  const messages: Message[] = [
    ...(system ? [{ role: "system" as const, content: system }] : []),
    ...sent.map(({ role, content }) => ({ role, content })),
    { role: "user", content: message },
  ];
  return { messages, turns: sent.length };
}
