import { randomUUID } from "node:crypto";
import { headers } from "../../protocol/replies.ts";
import type { Middleware } from "./context.ts";

/** The client's X-Request-Id where it is 1–128 of `A-Z a-z 0-9 . _ -`, else a new one; goes out with every reply (API.md §3). */
export const nameRequest: Middleware = async function nameRequest(ctx, next) {
  const theirs = ctx.get(headers.requestId);
  ctx.state.requestId = /^[A-Za-z0-9._-]{1,128}$/.test(theirs) ? theirs : randomUUID();
  ctx.set(headers.requestId, ctx.state.requestId);
  await next();
};
