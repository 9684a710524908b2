import type { ModelsReply } from "../../protocol/replies.ts";
import type { Questions } from "../core/questions.ts";
import { limitsOf } from "../core/models.ts";
import type { Middleware } from "./context.ts";
import { replyJson } from "./reply.ts";

/** The handler of `GET /api/models/`. */
export function listModels(questions: Pick<Questions, "models">): Middleware {
  return async function listModels(ctx) {
    const models = questions.models.map((model, index) => ({
      name: model.name,
      price: model.price,
      default: index === 0,
      limits: limitsOf(model),
      ...(model.images && { images: true as const }),
    }));
    replyJson(ctx, 200, { models } satisfies ModelsReply);
  };
}
