import { checkCompletion, completionDigest, takesCompletion, type Completion } from "./completion.ts";
import { findModel, type Model, type Models } from "./models.ts";
import { checkLength, contextFor, digestOf, fallbackOf, type Prompt } from "./prompt.ts";

/** What a question says to the AI: a message with its history, or a completion as the client wrote it. */
export type AnyPrompt = Prompt | Completion;

export const isCompletion = (prompt: AnyPrompt): prompt is Completion => "body" in prompt;

/** What a key stands for, as SHA-256. The key itself is stored nowhere, so it salts the digest. */
export const digestOfAny = (prompt: AnyPrompt, key: string, model: string | undefined): string =>
  isCompletion(prompt) ? completionDigest(prompt, key, model) : digestOf(prompt, key, model);

/** Throws `invalid_request` for what its model does not take. */
export function checkAny(prompt: AnyPrompt, model: Model): void {
  if (isCompletion(prompt)) checkCompletion(prompt, model);
  else checkLength(prompt, model);
}

/** The model that takes over for `model`, if it has one that takes the prompt. */
export function fallbackOfAny(models: Models, model: Model, prompt: AnyPrompt): Model | undefined {
  if (!isCompletion(prompt)) return fallbackOf(models, model, prompt);
  const found = model.fallback === undefined ? undefined : findModel(models, model.fallback);
  return found && takesCompletion(prompt, found) ? found : undefined;
}

/** What the head of a stream says, if this model answers. */
export const headOfAny = (prompt: AnyPrompt, model: Model): { model: string; turns: number } => ({
  model: model.name,
  turns: isCompletion(prompt) ? 0 : contextFor(prompt, model).turns,
});
