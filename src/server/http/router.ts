import { Router } from "@koa/router";
import type { State } from "./context.ts";

/**
 * A router that remembers the route of each path that it has: by itself it tries the pattern of every route for each
 * request. Our paths have no parameters, so there are few.
 */
export function createRouter(): Router<State> {
  const router = new Router<State>({ sensitive: true });
  const match = router.match.bind(router);
  const known = new Map<string, ReturnType<typeof match>>();
  router.match = (path, method) => {
    const asked = `${method} ${path}`;
    const before = known.get(asked);
    if (before) return before;
    const found = match(path, method);
    if (found.route) known.set(asked, found);
    return found;
  };
  return router;
}
