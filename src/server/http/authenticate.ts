import { isKeyLike } from "../../protocol/api-key.ts";
import { ApiError } from "../core/api-error.ts";
import { ClientGone } from "../core/client-gone.ts";
import type { Session } from "../core/session.ts";
import { keyNotAllowed, type SignIn } from "../core/sign-in.ts";
import type { Context, Middleware } from "./context.ts";
import { isHere, mayBeLarge } from "./read-body.ts";

/**
 * The token of `Authorization: Bearer …` or `Token …`, which some clients of this API send; undefined for another scheme
 * or without a token (docs/http-api.md#authentication).
 */
export function sentToken(authorization: string): string | undefined {
  return /^(?:bearer|token) +(.+)$/i.exec(authorization)?.[1];
}

/** The token of the body; null and "" count as none. */
function bodyToken({ token }: Record<string, unknown>): string | undefined {
  if (token === undefined || token === null || token === "") return undefined;
  if (typeof token === "string") return token;
  const detail = "token must be a string.";
  throw new ApiError("invalid_request", detail, { fields: [{ field: "token", detail }] });
}

/** The token of the Authorization header. */
const headToken = ({ req }: Context) => sentToken(req.headers.authorization ?? "");

const missingToken = (more = "") =>
  new ApiError(
    "missing_token",
    `A token is needed: log in, then send it as Authorization: Bearer <token>${more}.`,
  );

function enter(ctx: Context, session: Session): void {
  ctx.state.session = session;
  ctx.state.claims = session.claims;
  ctx.state.who = session.account.name;
}

/** Requires a valid token or API key in the head, and sets `ctx.state.session`. To be put before the body is read. */
export function authenticate(signIn: SignIn): Middleware {
  return async function authenticate(ctx, next) {
    const token = headToken(ctx);
    if (token === undefined) throw missingToken();
    enter(ctx, await (isKeyLike(token) ? signIn.findKey(token) : signIn.confirm(signIn.verify(token))));
    return next();
  };
}

/** Refuses an API key (docs/http-api.md#api-keys). After {@link authenticate}. */
export const refuseApiKeys: Middleware = async function refuseApiKeys({ state }, next) {
  if (state.claims && "apiKey" in state.claims) throw keyNotAllowed();
  return next();
};

/**
 * Refuses a token in the head that is not valid, before the body is read. If the store checks the account of a question
 * together with its hold ({@link authenticateAsker}), that is asked now only where the body may be large. And if the
 * request fails before its hold, the account is checked then, so that the order of checks stays
 * (docs/http-api.md#order-of-checks).
 */
export function authenticateHead(signIn: SignIn): Middleware {
  return async function authenticateHead(ctx, next) {
    const { state, req } = ctx;
    const token = headToken(ctx);
    if (token !== undefined) {
      const isKey = isKeyLike(token);
      const { recognizeKey } = signIn;
      if (!isKey) state.claims = signIn.verify(token);
      else if (recognizeKey) state.claims = await recognizeKey(token);
      if (state.claims === undefined || !signIn.admit || mayBeLarge(req)) {
        const session = await (isKey ? signIn.findKey(token) : signIn.confirm(state.claims!));
        state.claims = session.claims;
        if (isHere(req)) state.session = session;
      }
    }
    if (!signIn.admit) return next();
    try {
      return await next();
    } catch (error) {
      if (state.claims && !state.isAdmitted && !(error instanceof ClientGone))
        state.who = (await signIn.confirm(state.claims)).account.name;
      throw error;
    }
  };
}

/** Requires a token in the head, before the body is read, where the body can have none. */
export const requireHeadToken: Middleware = function requireHeadToken(ctx, next) {
  if (headToken(ctx) === undefined) throw missingToken();
  return next();
};

/**
 * Requires a valid token for a question, in the head or, as `tokenIn` finds it, in the body. Its account is checked by the question's hold, if the
 * store does both in one step. After {@link authenticateHead} and the body.
 */
export function authenticateAsker(signIn: SignIn, tokenIn = bodyToken): Middleware {
  const { admit } = signIn;
  return async function authenticateAsker(ctx, next) {
    const { state } = ctx;
    const inBody = tokenIn(state.body);
    if (state.claims === undefined) {
      if (inBody === undefined) throw missingToken(", or as token in the body");
      if (!isKeyLike(inBody)) state.claims = signIn.verify(inBody);
      else if (signIn.recognizeKey) state.claims = await signIn.recognizeKey(inBody);
      else enter(ctx, await signIn.findKey(inBody));
    } else if (inBody !== undefined && inBody !== headToken(ctx)) {
      throw new ApiError(
        "conflicting_tokens",
        "The Authorization header and the body carry different tokens. Send one of them.",
      );
    }
    const claims = state.claims!;
    if (!admit) {
      // Once more, if it may have ended while the body came.
      enter(ctx, state.session ?? (await signIn.confirm(claims)));
      if ("apiKey" in claims)
        state.asker = { account: claims.account, hold: (request) => signIn.holdByKey(claims, request) };
      return next();
    }
    state.asker = {
      account: claims.account,
      async hold(request) {
        state.isAdmitted = true;
        const { name, outcome } = await admit(claims, request);
        state.who = name;
        return outcome;
      },
    };
    return next();
  };
}
