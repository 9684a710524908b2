import type { Model } from "../../core/models.ts";
import type { Questions } from "../../core/questions.ts";
import type { Middleware } from "../context.ts";
import { replyJson } from "../reply.ts";
import { modelFor } from "./read-completion.ts";

/** A model as OpenAI's API tells it. When it was made is not known. */
const told = ({ name }: Model) => ({ id: name, object: "model", created: 0, owned_by: "ai-chat-system" });

/** The handler of `GET /v1/models`. */
export function listOpenAiModels(questions: Pick<Questions, "models">): Middleware {
  return async function listOpenAiModels(ctx) {
    replyJson(ctx, 200, { object: "list", data: questions.models.map(told) });
  };
}

/** The handler of `GET /v1/models/{id}`. A name may have slashes, as they are or encoded. */
export function tellOpenAiModel(questions: Pick<Questions, "models">): Middleware {
  return async function tellOpenAiModel(ctx) {
    const [, id = ""] = /^\/v1\/models\/(.+?)\/?$/.exec(ctx.path) ?? [];
    replyJson(ctx, 200, told(modelFor(questions.models, decoded(id))));
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
