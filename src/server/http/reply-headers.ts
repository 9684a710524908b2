import type { Middleware } from "./context.ts";

/** Replies carry tokens and balances: nobody keeps them, and nobody guesses at their type. */
export const forbidCaching: Middleware = async function forbidCaching(ctx, next) {
  ctx.set("Cache-Control", "no-store");
  ctx.set("X-Content-Type-Options", "nosniff");
  await next();
};

/** While the server stops, each reply is the last one on its connection. */
export function closeConnections(stopping: () => boolean): Middleware {
  return async function closeConnections(ctx, next) {
    await next();
    if (stopping()) ctx.set("Connection", "close");
  };
}
