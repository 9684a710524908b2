import { CONTEXT_CHARACTERS, MESSAGE_CHARACTERS } from "../protocol/limits.ts";
import type { ModelConfig } from "./config.ts";
import type { Model } from "./core/models.ts";
import { BadSettings } from "./core/startup-error.ts";

type Wished = Pick<ModelConfig, "contextChars" | "messageChars">;

/** What a model takes, by what the operator set and how much of a conversation the AI reads as far as that is known. */
export function modelLimits(
  { contextChars, messageChars }: Wished,
  known: number | undefined,
): Pick<Model, "contextChars" | "messageChars"> {
  const context = contextChars ?? known ?? CONTEXT_CHARACTERS;
  // A context without history says nothing about the message.
  if (context === 0) return { contextChars: 0, messageChars: messageChars ?? MESSAGE_CHARACTERS };
  return { contextChars: context, messageChars: Math.min(messageChars ?? context, context) };
}

/** BadSettings for a message limit that is larger than the context: the AI would not read the whole message. */
export function checkLimits(model: Wished & Pick<ModelConfig, "name">, known?: number): void {
  const { name, contextChars = known, messageChars } = model;
  if (messageChars === undefined || !contextChars || messageChars <= contextChars) return;
  const whose = name === undefined ? "the model" : name;
  throw new BadSettings(
    `message_chars is ${messageChars}, but ${whose} reads at most ${contextChars} characters of a conversation.`,
    `Set message_chars (--message-chars) to at most ${contextChars}, or context_chars (--context-chars) to more.`,
  );
}
