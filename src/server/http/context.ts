import type { Next, ParameterizedContext } from "koa";
import type { Bill } from "../core/client-gone.ts";
import type { Account } from "../core/ports.ts";
import type { Session } from "../core/sign-in.ts";

/** What the middlewares of one request hand on to each other. */
export interface State {
  requestId: string;
  /** The parsed JSON object of the body; `{}` without one. Set by `readJson`. */
  body: Record<string, unknown>;
  /** Set by `authenticate`. */
  session: Session | undefined;
  /** Name of the account that this request proved to be, for the log; what was merely typed may be a password. */
  who: string | undefined;
  /** What this request did to a balance, for the log. */
  bill: Bill | undefined;
  /** Whatever was thrown, for the log. */
  failure: unknown;
}

export type Context = ParameterizedContext<State>;
export type Middleware = (ctx: Context, next: Next) => Promise<void>;

/** The session of a request that went through `authenticate`. */
export function sessionOf(ctx: Context): Session {
  if (!ctx.state.session) throw new Error("This route has no authenticate before its handler.");
  return ctx.state.session;
}

/** The account of a request that went through `authenticate`. */
export const accountOf = (ctx: Context): Account => sessionOf(ctx).account;

/** Sends `value` as JSON, exactly as `JSON.stringify` writes it. */
export function replyJson(ctx: Context, status: number, value: object, type = "application/json"): void {
  ctx.status = status;
  ctx.set("Content-Type", type);
  ctx.body = JSON.stringify(value);
}
