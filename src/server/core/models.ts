import type { ChatLimits } from "../../protocol/chat-limits.ts";
import { HISTORY_ENTRIES } from "../../protocol/limits.ts";
import { ApiError } from "./api-error.ts";
import type { Provider } from "./provider.ts";

/** A model that questions can name (docs/server.md#several-models). */
export interface Model {
  /** Whether the operator named it in a list. If not, it is the only one, and its name at the AI may change once. */
  readonly listed: boolean;
  /** For users. */
  readonly name: string;
  /** Tokens a question. */
  readonly price: number;
  /** System prompt. */
  readonly system: string | undefined;
  /** Most characters of message, instructions and history that are sent to the AI. 0: no history is. */
  readonly contextChars: number;
  /** Most characters of a message. */
  readonly messageChars: number;
  /** Whether a question may have images. */
  readonly images: boolean;
  /** Most characters of the text of a completion (docs/openai.md#limits). Absent: any number. */
  readonly textChars?: number | undefined;
  /** Parameters that a completion may have besides the usual ones. */
  readonly allow?: readonly string[] | undefined;
  readonly provider: Provider;
  /** Name of the model that is asked if this one fails before any text. */
  readonly fallback: string | undefined;
}

/** The first is the default. */
export type Models = readonly [Model, ...Model[]];

/** Undefined if there is none of that name. */
export const findModel = (models: Models, name: string): Model | undefined =>
  models.find((model) => model.name === name);

/** The model of that name, the default without a name. Throws `invalid_request` with the names if there is none. */
export function modelNamed(models: Models, name: string | undefined): Model {
  const model = name === undefined ? models[0] : findModel(models, name);
  if (model) return model;
  const detail = `model must be one of these: ${namesOf(models)}`;
  throw new ApiError("invalid_request", detail, { fields: [{ field: "model", detail }] });
}

/**
 * The model that answers a key once more: the one that its charge names, since the answer of no other was paid for.
 * `asked`: the model for a charge that names none, and where there is no list. Throws `invalid_request` if it is gone.
 */
export function modelOfCharge(models: Models, name: string | undefined, asked: Model): Model {
  const model = name === undefined || !asked.listed ? asked : findModel(models, name);
  if (model) return model;
  const detail = `This key was charged for the model ${name}, which is gone. Nothing was charged now. Ask again with a new key and one of these models: ${namesOf(models)}`;
  throw new ApiError("invalid_request", detail, { fields: [{ field: "model", detail }] });
}

/** Whether any of them takes images. */
export const takeImages = (models: Models): boolean => models.some(({ images }) => images);

/** What `GET /api/` tells of a model. */
export const limitsOf = ({ messageChars, contextChars }: Model): ChatLimits => ({
  message: messageChars,
  context: contextChars,
  turns: HISTORY_ENTRIES,
});

export const namesOf = (models: Models) => models.map(({ name }) => name).join(", ");
