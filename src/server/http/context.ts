import type { Next, ParameterizedContext } from "koa";
import type { ApiError } from "../core/api-error.ts";
import type { Bill } from "../core/client-gone.ts";
import type { Account } from "../core/ports.ts";
import type { Question } from "../core/questions.ts";
import type { Claims, Session } from "../core/session.ts";

/** The whole reply of a request that is no stream. */
export interface Reply {
  status: number;
  /** Media type and text; absent for a reply without a body. Bytes are shared with other replies. */
  content?: { type: string; text: string | Buffer };
}

/** What the steps of one request pass on to each other. */
export interface State {
  requestId: string;
  /** When its head came, then its body, as `performance.now()` counts. Undefined without metrics. */
  arrived: number | undefined;
  /** Of the client; see `ClientAddresses`. */
  address: string;
  /** Of the page that sent the request, if its origin is allowed. */
  origin: string | undefined;
  /** The parsed JSON object of the body; `{}` without one. Set by `readJson`. */
  body: Record<string, unknown>;
  /** Bytes of the body, which are counted in the budget. Set by `readJson`. */
  buffered: number | undefined;
  /** Of a token whose signature is valid, or of an API key that was found: it may have ended since. */
  claims: Claims | undefined;
  /** Set by `authenticate` and `authenticateAsker`; by `authenticateHead`, if nothing is waited for until the latter. */
  session: Session | undefined;
  /** Whose question it is. Set by `authenticateAsker`, if the store checks the account with the hold. */
  asker: Asker | undefined;
  /** That check has begun. */
  isAdmitted: true | undefined;
  /**
   * The username, for the log: the authenticated one, or that of the account whose password was wrong. Never an unknown one:
   * people type passwords into that field.
   */
  who: string | undefined;
  /** Undefined while it is undecided, for a stream, and if the connection is closed instead. */
  reply: Reply | undefined;
  /** The methods of the path, if it has none for this request; empty for an unknown path. */
  methods: string[] | undefined;
  /** For the log. */
  bill: Bill | undefined;
  /** For the log: the model that was asked instead of one that failed, and that failure. */
  fellBack: { model: string; failure: ApiError } | undefined;
  /** What was thrown, for the log. */
  failure: unknown;
  /** Set by the handlers of health checks, which come every few seconds. */
  probe: "health" | "ready" | undefined;
}

/** An account, and how to hold its tokens if that is what checks it. */
export type Asker = Pick<Question, "account" | "hold">;

export type Context = ParameterizedContext<State>;
export type Middleware = (ctx: Context, next: Next) => Promise<void>;

/** The session that `authenticate` has set. */
export function sessionOf(ctx: Context): Session {
  if (!ctx.state.session) throw new Error("This route has no authenticate before its handler.");
  return ctx.state.session;
}

/** The account that `authenticate` has set. */
export const accountOf = (ctx: Context): Account => sessionOf(ctx).account;

/** Who asks the question of this request. */
export const askerOf = (ctx: Context): Asker => ctx.state.asker ?? { account: accountOf(ctx).id };
