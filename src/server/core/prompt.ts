import type { Turn } from "../../protocol/bodies.ts";
import { firstFitting } from "../../protocol/chat-limits.ts";
import type { FieldError } from "../../protocol/errors.ts";
import type { Image } from "../../protocol/images.ts";
import { codePoints, hasMore } from "../../text/code-points.ts";
import { ApiError } from "./api-error.ts";
import { findModel, type Model, type Models } from "./models.ts";
import type { Message } from "./provider.ts";
import { sha256 } from "./sha256.ts";

/** What a question says to the AI, whoever pays for it. */
export interface Prompt {
  /** Trimmed. */
  message: string;
  history: Turn[];
  /** The user's instructions for the answer, trimmed and not blank. */
  instructions?: string | undefined;
  /** Not empty. They can take much memory: {@link dropImages} frees it. */
  images?: Image[] | undefined;
}

/**
 * What a key stands for. The key itself is stored nowhere, so it salts the digest. What was not sent is no part of it: such
 * a question has the digest that it had before models, instructions and images.
 */
export function digestOf(prompt: Prompt, key: string, model: string | undefined): string {
  const { message, history, instructions, images } = prompt;
  // Strict Base64 stands for its bytes: the hash of either is as good.
  const hashes = images?.map(({ media_type, data }) => [media_type, sha256(data)]);
  const more = instructions === undefined && hashes === undefined ? [] : [{ instructions, images: hashes }];
  return sha256(JSON.stringify([key, message, history, ...(model === undefined ? [] : [model]), ...more]));
}

/** Characters at either end of its data by which an image is recognized. Of longer parts V8 keeps the whole text. */
export const IMAGE_ENDS = 12;

/**
 * Once nobody else will be asked: else they stay in memory until the answer's end. The ends of their data stay, so that what
 * an AI repeats of it is still not logged.
 */
export function dropImages({ images = [] }: Prompt): void {
  for (const image of images) image.data = image.data.slice(0, IMAGE_ENDS) + image.data.slice(-IMAGE_ENDS);
}

/** The messages for the AI, and how many turns of the history are among them. */
export interface Context {
  messages: Message[];
  turns: number;
}

/**
 * The operator's system prompt and the instructions, the newest turns that fit into the model's context together with
 * instructions and message, and the message (docs/http-api.md#history). Only turns are cut.
 */
export function contextFor(
  { message, history, instructions, images }: Prompt,
  { system, contextChars }: Pick<Model, "system" | "contextChars">,
): Context {
  const room = instructions === undefined ? contextChars : contextChars - codePoints(instructions);
  const sent = history.slice(firstFitting(history, message, room));
  const before = system && instructions ? `${system}\n\n${instructions}` : system || instructions;
  const messages: Message[] = [
    ...(before ? [{ role: "system" as const, content: before }] : []),
    ...sent.map(({ role, content }) => ({ role, content })),
    { role: "user", content: message, images },
  ];
  return { messages, turns: sent.length };
}

/** The model that takes over for `model`, if it has one that takes the prompt. */
export function fallbackOf(models: Models, { fallback }: Model, prompt: Prompt): Model | undefined {
  const found = fallback === undefined ? undefined : findModel(models, fallback);
  return found && !faultOf(prompt, found) ? found : undefined;
}

/** Throws `invalid_request` for a prompt that its model does not take. */
export function checkLength(prompt: Prompt, model: Model): void {
  const fault = faultOf(prompt, model);
  if (fault) throw new ApiError("invalid_request", fault.detail, { fields: [fault] });
}

/** Why a model does not take a prompt. */
function faultOf({ message, instructions, images }: Prompt, model: Model): FieldError | undefined {
  const { messageChars, contextChars } = model;
  if (hasMore(message, messageChars)) {
    return { field: "message", detail: `message must have at most ${messageChars} characters.` };
  }
  if (images !== undefined && !model.images) {
    return { field: "images", detail: `${model.name} takes no images.` };
  }
  // A context of 0 is one without history: it says nothing about the rest.
  if (instructions === undefined || contextChars === 0) return undefined;
  if (!hasMore(message + instructions, contextChars)) return undefined;
  const detail = `message and instructions together must have at most ${contextChars} characters.`;
  return { field: "instructions", detail };
}
