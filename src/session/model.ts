import type { ChatLimits } from "../protocol/chat-limits.ts";
import type { ModelOffer } from "../client/http/contract.ts";

/** A model that was chosen, and where. */
export interface ModelChoice {
  name: string;
  /** `conversation`: its last question named it. `session`: `/model`. */
  from: "flag" | "environment" | "setting" | "conversation" | "session";
}

/** Whether a question must not be asked without naming the model. */
export const isRequired = (choice: ModelChoice | undefined): boolean => choice?.from === "flag";

/** The choice for a conversation whose last question named a model: a flag wins, nothing else does. */
export function choiceIn(usual: ModelChoice | undefined, asked: string | undefined): ModelChoice | undefined {
  return asked === undefined || usual?.from === "flag" ? usual : { name: asked, from: "conversation" };
}

/**
 * The name in the next question of a conversation. At a server with several models a conversation names even the
 * default, so that it goes on with the same model if the server gets another default.
 */
export function nameFor(choice: ModelChoice | undefined, models: readonly ModelOffer[]): string | undefined {
  if (choice !== undefined) return choice.name;
  return models.length > 1 ? models.find(({ isDefault }) => isDefault)?.name : undefined;
}

/** The model that answers, what a question costs there, and what it takes; as far as the server tells it. */
export function offeredBy({
  choice,
  models,
  offered,
}: {
  choice: ModelChoice | undefined;
  models: readonly ModelOffer[];
  offered: Answering;
}): Answering {
  if (models.length === 0) return offered;
  const found = models.find(({ name, isDefault }) => (choice ? name === choice.name : isDefault));
  const model = choice?.name ?? found?.name ?? offered.model;
  return { price: found?.price ?? null, model, limits: found?.limits };
}

/** What is known of the model that answers. */
export interface Answering {
  price: number | null;
  model: string | null;
  limits?: ChatLimits | undefined;
}

/** Says that a server without `models` was asked without naming the model. */
export const leftOutWords = (name: string): string =>
  `This server has no choice of models: the question does not name ${name}.`;
