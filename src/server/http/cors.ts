import { readableHeaders } from "../../protocol/readable-headers.ts";
import type { Context, Middleware } from "./context.ts";
import { headOf } from "./reply.ts";

/** Every reply of a server with allowed origins depends on the origin, also one to a request that names none. */
export const varyByOrigin = ["Vary", "Origin"] as const;

const EXPOSED = readableHeaders.join(", ");

/** Seconds that a browser may keep a permission. Chromium keeps none longer. */
const MAX_AGE = "7200";

/** The headers of requests that this server reads, and what programs name themselves with. */
const READ: ReadonlySet<string> = new Set([
  "accept",
  "authorization",
  "content-encoding",
  "content-type",
  "idempotency-key",
  "if-none-match",
  "user-agent",
  "x-request-id",
]);

/** What OpenAI's package sends besides; it is not read. */
const OF_OPENAI = /^(?:x-stainless|openai)-[a-z-]+$/;

/** Lets pages of the allowed origins read the reply (docs/browser.md#cors). Before every step that can refuse a request. */
export function allowOrigins(origins: () => readonly string[]): Middleware {
  return function allowOrigins(ctx, next) {
    const allowed = origins();
    if (allowed.length > 0) allow(ctx, allowed);
    return next();
  };
}

function allow(ctx: Context, allowed: readonly string[]): void {
  const head = headOf(ctx.res);
  head.push(...varyByOrigin);
  const { origin } = ctx.req.headers;
  if (origin === undefined || !allowed.includes(origin)) return;
  ctx.state.origin = origin;
  head.push("Access-Control-Allow-Origin", origin, "Access-Control-Expose-Headers", EXPOSED);
}

/**
 * Whether a browser asks if an allowed page may send a request (Fetch, CORS-preflight fetch); then adds what it may send to a
 * path with these methods.
 */
export function answerPreflight({ method, req, res, state }: Context, methods: readonly string[]): boolean {
  const { "access-control-request-method": asked, "access-control-request-headers": names = "" } =
    req.headers;
  if (method !== "OPTIONS" || asked === undefined || state.origin === undefined) return false;
  const allowed = names
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => READ.has(name) || OF_OPENAI.test(name));
  const head = headOf(res);
  head.push("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers");
  if (methods.length > 0) head.push("Access-Control-Allow-Methods", methods.join(", "));
  if (allowed.length > 0) head.push("Access-Control-Allow-Headers", allowed.join(", "));
  head.push("Access-Control-Max-Age", MAX_AGE);
  return true;
}
