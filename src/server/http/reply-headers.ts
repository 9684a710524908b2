import type { Middleware } from "./context.ts";

/** Replies contain tokens and balances: no cache may keep them. */
export const forbidCaching: Middleware = async function forbidCaching(ctx, next) {
  ctx.set("Cache-Control", "no-store");
  ctx.set("X-Content-Type-Options", "nosniff");
  await next();
};

/** While the server is stopping, each reply is the last on its connection. */
export function closeConnections(stopping: () => boolean): Middleware {
  return async function closeConnections(ctx, next) {
    await next();
    if (stopping()) ctx.set("Connection", "close");
  };
}
