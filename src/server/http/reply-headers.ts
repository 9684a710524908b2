import type { Middleware } from "./context.ts";
import { headOf } from "./reply.ts";

/** Replies contain tokens and balances: no cache may keep them. */
export const forbidCaching: Middleware = function forbidCaching(ctx, next) {
  headOf(ctx.res).push("Cache-Control", "no-store", "X-Content-Type-Options", "nosniff");
  return next();
};
