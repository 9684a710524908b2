import { ApiError } from "../core/api-error.ts";
import { ClientGone } from "../core/client-gone.ts";
import type { Context, Middleware } from "./context.ts";
import { errorReplyOf } from "./error-reply.ts";
import { pushNext } from "./next-refill.ts";
import { publicErrorOf } from "./problem.ts";
import { headOf, replyJson } from "./reply.ts";

const REALM = 'Bearer realm="ai-chat"';

/** `WWW-Authenticate` (RFC 6750 §3): a request without a token gets no error code. */
function challengeOf({ code }: ApiError): string | undefined {
  if (code === "missing_token") return REALM;
  if (code === "invalid_token" || code === "expired_token") return `${REALM}, error="invalid_token"`;
  return undefined;
}

/** The headers of draft-ietf-httpapi-ratelimit-headers. */
function pushLimit(head: string[], { limit, retryAfter }: ApiError): void {
  if (limit === undefined) return;
  const { name, quota, window } = limit;
  head.push("RateLimit", `"${name}";r=0;t=${retryAfter}`);
  head.push("RateLimit-Policy", `"${name}";q=${quota}${window === undefined ? "" : `;w=${window}`}`);
}

function replyProblem(ctx: Context, error: ApiError): void {
  const head = headOf(ctx.res);
  const challenge = challengeOf(error);
  if (challenge) head.push("WWW-Authenticate", challenge);
  // The rest of the body does not come, or too slowly.
  if (error.code === "request_timeout") ctx.res.shouldKeepAlive = false;
  if (error.retryAfter !== undefined) head.push("Retry-After", String(error.retryAfter));
  pushLimit(head, error);
  pushNext(head, error.next);
  const reply = errorReplyOf(ctx.path, error, ctx.state.requestId);
  head.push(...reply.head);
  replyJson(ctx, reply.status, reply.body, reply.type);
}

/**
 * Turns every failure into a reply. If the client has left or the head of a reply was sent, it closes the connection
 * instead.
 */
export const handleErrors: Middleware = async function handleErrors(ctx, next) {
  try {
    await next();
  } catch (error) {
    if (ctx.res.writableEnded) {
      // The body was malformed, and bad-request.ts has replied.
      ctx.state.failure = new ApiError("invalid_request", "The request ended before its body was complete.");
      return;
    }
    ctx.state.failure = error;
    if (error instanceof ClientGone || ctx.res.headersSent) {
      ctx.res.destroy();
      return;
    }
    replyProblem(ctx, publicErrorOf(error));
  }
};
