import type { Turn } from "../../protocol/bodies.ts";
import { firstFitting } from "../../protocol/chat-limits.ts";
import { hasMore } from "../../text/code-points.ts";
import { ApiError } from "./api-error.ts";
import { findModel, type Model, type Models } from "./models.ts";
import type { Message } from "./ports.ts";
import { sha256 } from "./sha256.ts";

/** What a question says to the AI, whoever pays for it. */
export interface Prompt {
  /** Trimmed. */
  message: string;
  history: Turn[];
}

/**
 * What a key stands for. The key itself is stored nowhere, so it salts the digest. A name that was not sent is no part of
 * it: such a question has the digest that it had before models.
 */
export const digestOf = ({ message, history }: Prompt, key: string, model: string | undefined): string =>
  sha256(JSON.stringify([key, message, history, ...(model === undefined ? [] : [model])]));

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
  { message, history }: Prompt,
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

/** The model that takes over for `model`, if it has one that takes the prompt. */
export function fallbackOf(models: Models, { fallback }: Model, { message }: Prompt): Model | undefined {
  const found = fallback === undefined ? undefined : findModel(models, fallback);
  return found && !hasMore(message, found.messageChars) ? found : undefined;
}

/** Throws `invalid_request` for a prompt that is too long for its model. */
export function checkLength({ message }: Prompt, { messageChars }: Model): void {
  if (!hasMore(message, messageChars)) return;
  const detail = `message must have at most ${messageChars} characters.`;
  throw new ApiError("invalid_request", detail, { fields: [{ field: "message", detail }] });
}
