import type { Next, ParameterizedContext } from "koa";
import type { Bill } from "../core/client-gone.ts";
import type { Account } from "../core/ports.ts";
import type { Session } from "../core/sign-in.ts";
import type { Reply } from "./reply.ts";

/** What the steps of one request pass on to each other. */
export interface State {
  requestId: string;
  /** The parsed JSON object of the body; `{}` without one. Set by `readJson`. */
  body: Record<string, unknown>;
  /** Set by `authenticate`. */
  session: Session | undefined;
  /** The authenticated username, for the log. Never an unverified one: people type passwords into that field. */
  who: string | undefined;
  /** Undefined while it is undecided, for a stream, and if the connection is closed instead. */
  reply: Reply | undefined;
  /** For the log. */
  bill: Bill | undefined;
  /** What was thrown, for the log. */
  failure: unknown;
}

export type Context = ParameterizedContext<State>;
export type Middleware = (ctx: Context, next: Next) => Promise<void>;

/** The session that `authenticate` has set. */
export function sessionOf(ctx: Context): Session {
  if (!ctx.state.session) throw new Error("This route has no authenticate before its handler.");
  return ctx.state.session;
}

/** The account that `authenticate` has set. */
export const accountOf = (ctx: Context): Account => sessionOf(ctx).account;
