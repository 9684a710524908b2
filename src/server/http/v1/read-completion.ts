import { isRecord } from "../../../text/loose-json.ts";
import { ApiError } from "../../core/api-error.ts";
import { refusedCompletion, type Completion } from "../../core/completion.ts";
import { findModel, namesOf, type Model, type Models } from "../../core/models.ts";

/** The most lists and objects inside each other: without an end, writing them again would end in a full stack. */
const DEPTH = 200;

/** A body of `POST /v1/chat/completions`. */
export interface CompletionBody {
  completion: Completion;
  /** Undefined: the default. */
  model: string | undefined;
  isStream: boolean;
}

/** Checks what this server itself must understand; all else is up to the AI. Throws `invalid_request`. */
export function readCompletion(given: Record<string, unknown>): CompletionBody {
  if (!isFlat(given, DEPTH)) throw refusedCompletion(null, `The body has more than ${DEPTH} levels.`);
  const { model, stream, stream_options: streamOptions, ...body } = given;
  const { messages, n } = body;
  if (model !== null && model !== undefined && typeof model !== "string")
    throw refusedCompletion("model", "model must be a name.");
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isRecord))
    throw refusedCompletion("messages", "messages must be a list of at least one message.");
  if (typeof (stream ?? false) !== "boolean")
    throw refusedCompletion("stream", "stream must be true or false.");
  if ((n ?? 1) !== 1)
    throw refusedCompletion("n", "n must be 1: a question has one answer.", "unsupported_value");
  return {
    completion: { body: { ...body, messages }, streamOptions },
    model: model ?? undefined,
    isStream: stream === true,
  };
}

function isFlat(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isFlat(inner, levels - 1));
}

/** The model of that name, the default without one. Throws `not_found` with the names. */
export function modelFor(models: Models, name: string | undefined): Model {
  const model = name === undefined ? models[0] : findModel(models, name);
  if (model) return model;
  throw new ApiError("not_found", `There is no model of this name. The models are: ${namesOf(models)}`, {
    openAi: { code: "model_not_found", param: "model" },
  });
}
