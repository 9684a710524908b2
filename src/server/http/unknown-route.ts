import { ApiError } from "../core/api-error.ts";
import type { Context, Middleware } from "./context.ts";
import { answerPreflight } from "./cors.ts";
import { isOpenAiPath } from "./error-reply.ts";
import { headOf } from "./reply.ts";

const NO_SUCH = "There is nothing at this path. GET /api/ describes this server.";
const NO_SUCH_OPENAI =
  "There is nothing at this path. Of OpenAI's API this server has chat completions only: POST /v1/chat/completions and GET /v1/models.";

/** The methods of this path, with OPTIONS; empty for an unknown path. `*` stands for the whole server (RFC 9110 §9.3.7). */
function methodsOf(ctx: Context): string[] {
  if (ctx.req.url === "*" && ctx.method === "OPTIONS") return ["GET", "HEAD", "POST", "OPTIONS"];
  const { methods = [] } = ctx.state;
  return methods.length > 0 ? [...methods.sort(), "OPTIONS"] : [];
}

/** After the router: 404, or `OPTIONS` and 405 with `Allow` (docs/http-api.md#error-codes). */
export const answerUnknownRoute: Middleware = async function answerUnknownRoute(ctx) {
  const methods = methodsOf(ctx);
  // Also of an unknown path: the page can then read its 404.
  const isAllowed = answerPreflight(ctx, methods);
  if (methods.length === 0 && !isAllowed) {
    throw new ApiError("not_found", isOpenAiPath(ctx.path) ? NO_SUCH_OPENAI : NO_SUCH);
  }
  if (methods.length > 0) headOf(ctx.res).push("Allow", methods.join(", "));
  if (ctx.method === "OPTIONS") ctx.state.reply = { status: 204 };
  else throw new ApiError("method_not_allowed", `This path takes ${methods.join(", ")}.`);
};
