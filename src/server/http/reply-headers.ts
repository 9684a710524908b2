import type { Middleware } from "./context.ts";
import { headOf } from "./reply.ts";

/**
 * Headers of every reply, names and values in turn. Replies contain tokens and balances, so no cache may keep them; and a
 * browser runs nothing of what an answer or an error quotes.
 */
export const safeHeaders = [
  "Cache-Control",
  "no-store",
  "X-Content-Type-Options",
  "nosniff",
  "Content-Security-Policy",
  "default-src 'none'",
] as const;

/** Gives a reply the headers of every reply. */
export const protectReply: Middleware = function protectReply(ctx, next) {
  headOf(ctx.res).push(...safeHeaders);
  return next();
};
