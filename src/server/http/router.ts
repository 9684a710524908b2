import { Router } from "@koa/router";
import type { Context, Middleware, State } from "./context.ts";

export type Route = [method: "get" | "post" | "delete", path: string, steps: Middleware[]];

/**
 * The step that runs the steps of a request's route; without one it sets `ctx.state.methods`, and goes on. The router is asked
 * once for each path without parameters: by itself it tries every route's pattern, and puts the steps together, for each
 * request. There are few such paths.
 */
export function routeRequests(routes: Route[]): Middleware {
  const router = new Router<State>({ sensitive: true });
  for (const [method, path, steps] of routes) router[method](path, ...steps);
  const known = new Map<string, Run>();
  const paths: ReadonlySet<string> = new Set(routes.map(([, path]) => path));

  return function routeRequests(ctx, next) {
    const { method, path } = ctx;
    const asked = `${method} ${path}`;
    const before = known.get(asked);
    if (before) return before(ctx);
    const found = router.match(path, method);
    if (!found.route) {
      ctx.state.methods = found.path.flatMap(({ methods }) => methods);
      return next();
    }
    const run = inOrder(found.pathAndMethod.flatMap(({ stack }) => stack as Middleware[]));
    if (paths.has(path.replace(/\/$/, ""))) known.set(asked, run);
    return run(ctx);
  };
}

type Run = (ctx: Context) => Promise<void>;

/** Composes steps, each of which calls the next at most once. Koa checks that for each request anew, which costs more than the steps. */
export const inOrder = (steps: Middleware[]): Run =>
  steps.reduceRight<Run>(
    (rest, step) => (ctx) => step(ctx, () => rest(ctx)),
    async () => {},
  );
