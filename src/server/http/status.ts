import type { AboutReply } from "../../protocol/replies.ts";
import type { NamedAiState } from "../core/ai-states.ts";
import { ApiError } from "../core/api-error.ts";
import { isoSecond } from "../core/iso-second.ts";
import type { Store } from "../core/store.ts";
import { storeUnavailable } from "../core/store-unavailable.ts";
import type { Middleware } from "./context.ts";
import { replyJson } from "./reply.ts";

/** The handler of `GET /api/`. */
export function tellAbout(about: () => AboutReply): Middleware {
  return async function tellAbout(ctx) {
    replyJson(ctx, 200, about());
  };
}

/** The handler of `GET /healthz`: the process is running. With `?ai=1` it tells the states of the models, too. */
export function tellHealth(aiStates: () => NamedAiState[]): Middleware {
  const told = ({ model, state, since }: NamedAiState) => ({
    model,
    state,
    since: since === undefined ? null : isoSecond(since),
  });
  return async function tellHealth(ctx) {
    ctx.state.probe = "health";
    replyJson(ctx, 200, { status: "ok", ...(ctx.query.ai === "1" && { ai: aiStates().map(told) }) });
  };
}

/** The handler of `GET /readyz`: 503 once the server is about to stop, and while its store accepts no charges. */
export function tellReady(leaving: () => boolean, store: Pick<Store, "ready" | "trouble">): Middleware {
  return async function tellReady(ctx) {
    ctx.state.probe = "ready";
    if (leaving()) throw new ApiError("shutting_down", "The server is stopping.");
    if (!(await store.ready()))
      throw storeUnavailable("The store accepts no charges at the moment.", store.trouble);
    replyJson(ctx, 200, { status: "ready" });
  };
}
