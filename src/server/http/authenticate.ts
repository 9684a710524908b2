import { ApiError } from "../core/api-error.ts";
import type { SignIn } from "../core/sign-in.ts";
import type { Context, Middleware } from "./context.ts";

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

function tokenOf(ctx: Context, places: "header" | "header or body"): string {
  const inHeader = sentToken(ctx.req.headers.authorization ?? "");
  const inBody = places === "header" ? undefined : bodyToken(ctx.state.body);
  if (inHeader !== undefined && inBody !== undefined && inHeader !== inBody) {
    throw new ApiError(
      "conflicting_tokens",
      "The Authorization header and the body carry different tokens. Send one of them.",
    );
  }
  const token = inHeader ?? inBody;
  if (token === undefined) {
    throw new ApiError(
      "missing_token",
      places === "header"
        ? "A token is needed: log in, then send it as Authorization: Bearer <token>."
        : "A token is needed: log in, then send it as Authorization: Bearer <token>, or as token in the body.",
    );
  }
  return token;
}

/** Requires a valid token, and sets `ctx.state.session`. */
export function authenticate(signIn: SignIn, places: "header" | "header or body"): Middleware {
  return async function authenticate(ctx, next) {
    const session = await signIn.authenticate(tokenOf(ctx, places));
    ctx.state.session = session;
    ctx.state.who = session.account.name;
    return next();
  };
}

/**
 * Requires a valid token for a question. Its account is checked by the question's hold, if the store does both in one step.
 * If the request fails before its hold, the account is checked then, so that the order of checks stays
 * (docs/http-api.md#order-of-checks).
 */
export function authenticateWithHold(signIn: SignIn): Middleware {
  const { admit } = signIn;
  if (!admit) return authenticate(signIn, "header or body");
  return async function authenticateWithHold(ctx, next) {
    const claims = signIn.verify(tokenOf(ctx, "header or body"));
    let checked = false;
    ctx.state.asker = {
      account: claims.account,
      async hold(request) {
        checked = true;
        const { name, outcome } = await admit(claims, request);
        ctx.state.who = name;
        return outcome;
      },
    };
    try {
      await next();
    } catch (error) {
      if (!checked) ctx.state.who = (await signIn.confirm(claims)).account.name;
      throw error;
    }
  };
}
