import type { Level, Logger } from "pino";
import { withoutApiKeys } from "../../protocol/api-key.ts";
import { ApiError } from "../core/api-error.ts";
import { ClientGone } from "../core/client-gone.ts";
import type { LimitName } from "../core/limit-names.ts";
import { createLimitHits } from "./limit-hits.ts";
import type { Context, Middleware, State } from "./context.ts";
import { storeCause } from "./store-cause.ts";

/** nginx's status for a client that left before its reply. For the log only. */
const CLIENT_LEFT = 499;

/** Only name, message and stack: other properties of an error can contain bodies. */
export const detailsOf = (error: unknown) =>
  error instanceof Error
    ? { name: error.name, message: error.message, stack: error.stack }
    : { name: typeof error, message: "a value that is not an Error was thrown", stack: undefined };

function causeOf({ code, cause }: ApiError): { cause?: string } {
  const words =
    code === "store_unavailable" ? storeCause(cause) : cause instanceof Error ? cause.message : undefined;
  return words === undefined ? {} : { cause: words };
}

/** Who was asked instead, and why. */
const fallbackOf = ({ model, failure }: NonNullable<State["fellBack"]>) => ({
  fallback: model,
  fallback_code: failure.code,
  ...(failure.cause instanceof Error && { fallback_cause: failure.cause.message }),
});

function failureOf(failure: unknown): object {
  if (failure === undefined) return {};
  if (failure instanceof ClientGone) return { left: true };
  if (failure instanceof ApiError) return { code: failure.code, ...causeOf(failure) };
  return { code: "internal_error", error: detailsOf(failure) };
}

function statusOf(ctx: Context): number {
  const { failure, reply } = ctx.state;
  if (reply) return reply.status;
  return failure instanceof ClientGone && !ctx.res.headersSent ? CLIENT_LEFT : ctx.res.statusCode;
}

function levelOf(failure: unknown): Level {
  if (failure === undefined || failure instanceof ClientGone) return "info";
  if (!(failure instanceof ApiError)) return "error";
  return failure.status >= 500 ? "warn" : "info";
}

/** Gets a request that ended: its path, its status, and the limit that refused it. */
export type OnRequest = (path: string, status: number, limit: LimitName | undefined) => void;

/**
 * Says which health checks are news: a line for each one would hide everything else. Those of `/readyz` are whenever the
 * server became ready, is no longer, or is not for another reason.
 */
function createProbes(): (state: State) => boolean {
  let last: string | undefined;
  return ({ probe, failure }) => {
    if (failure !== undefined && !(failure instanceof ApiError)) return true;
    if (probe === "health") return failure !== undefined;
    const isNews = failure?.code !== last;
    last = failure?.code;
    return isNews;
  };
}

/**
 * Logs one line per request: route, status, time, address, charge. Never a query, a header, a body, or properties of an error other
 * than name, message and stack. A health check that is no news has level debug. Also warns of limits that were reached.
 */
export function logRequests(log: Logger, onRequest?: OnRequest): Middleware {
  const hitLimit = createLimitHits((sentence) => log.warn(sentence));
  const isNews = createProbes();
  return async function logRequests(ctx, next) {
    const start = performance.now();
    if (onRequest) ctx.state.arrived = start;
    await next();
    const { requestId, address, who, claims, failure, fellBack } = ctx.state;
    const bill = failure instanceof ClientGone ? failure.bill : ctx.state.bill;
    const level = ctx.state.probe === undefined || isNews(ctx.state) ? levelOf(failure) : "debug";
    if (log.isLevelEnabled(level)) {
      const fields = {
        method: ctx.method,
        path: withoutApiKeys(ctx.path),
        status: statusOf(ctx),
        ms: Math.round(performance.now() - start),
        request_id: requestId,
        ...(address !== "" && { address }),
        ...(who !== undefined && { account: who }),
        ...(claims && "apiKey" in claims && { api_key: claims.apiKey }),
        ...bill,
        ...(fellBack && fallbackOf(fellBack)),
        ...failureOf(failure),
      };
      log[level](fields, "request");
    }
    const limit = failure instanceof ApiError ? failure.limit?.name : undefined;
    if (limit !== undefined) hitLimit(limit, address);
    onRequest?.(ctx.path, statusOf(ctx), limit);
  };
}
