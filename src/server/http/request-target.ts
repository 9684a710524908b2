import type { Middleware } from "./context.ts";

/**
 * Turns a target in absolute form (RFC 9112 §3.2.2) into its path; one that cannot be read names nothing here.
 * Koa's own parser throws at some, and warns on stderr at others.
 */
export const readTarget: Middleware = async function readTarget(ctx, next) {
  const { url = "" } = ctx.req;
  if (!url.startsWith("/")) ctx.req.url = pathOf(url) ?? "*";
  await next();
};

function pathOf(url: string): string | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed?.pathname.startsWith("/") ? parsed.pathname + parsed.search : undefined;
}
