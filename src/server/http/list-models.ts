import type { ModelsReply } from "../../protocol/replies.ts";
import type { Questions } from "../core/questions.ts";
import type { Middleware } from "./context.ts";
import { replyJson } from "./reply.ts";

/** The handler of `GET /api/models/`. */
export function listModels(questions: Questions): Middleware {
  return async function listModels(ctx) {
    const models = questions.models.map(({ name, price }, index) => ({ name, price, default: index === 0 }));
    replyJson(ctx, 200, { models } satisfies ModelsReply);
  };
}
