import { createSecretKey, randomUUID } from "node:crypto";
import jwt from "jsonwebtoken";
import { SECRET_BYTES } from "../../protocol/limits.ts";
import { ApiError } from "../core/api-error.ts";
import type { TokenClaims, Tokens } from "../core/ports.ts";
import { StartupError } from "../core/startup-error.ts";
import { createVerified } from "./verified.ts";

const TOKEN_CHARACTERS = 4096;
const DAY_S = 24 * 60 * 60;

/**
 * Authentication tokens as JWTs signed with HS256: `sub` (account), `gen` (generation), `jti`, `iat`, `exp` (seconds).
 *
 * - `secret`: at least {@link SECRET_BYTES}, else StartupError (RFC 7518 §3.2).
 * - `days`: the lifetime of a new token.
 * - `now`: milliseconds since the epoch.
 */
export function createTokens({
  secret,
  days,
  now,
}: {
  secret: Buffer;
  days: number;
  now: () => number;
}): Tokens {
  if (secret.length < SECRET_BYTES) {
    throw new StartupError(
      `The secret that signs tokens has ${secret.length} bytes; it needs at least ${SECRET_BYTES}.`,
      "Give a longer one, or none: the server then makes its own.",
    );
  }
  // jsonwebtoken tries to parse a string as a public key at every call, at sixty times the cost.
  const key = createSecretKey(secret);
  const verified = createVerified();

  return {
    issue: ({ id, generation }) => {
      const iat = Math.floor(now() / 1000);
      const exp = iat + Math.round(days * DAY_S);
      return jwt.sign({ sub: id, gen: generation, jti: randomUUID(), iat, exp }, key, { algorithm: "HS256" });
    },
    verify: (token) => {
      if (typeof token !== "string" || token.length > TOKEN_CHARACTERS) throw invalid();
      const known = verified.find(token, now());
      if (known) return known;
      const claims = readClaims(signedPayload(token, key));
      if (!claims) throw invalid();
      if (claims.expires <= now()) throw expired();
      verified.remember(token, claims, now());
      return claims;
    },
  };
}

/** Undefined if we did not sign it. Does not check the expiry, because jsonwebtoken has another clock than `now`. */
function signedPayload(token: string, key: ReturnType<typeof createSecretKey>): unknown {
  try {
    return jwt.verify(token, key, { algorithms: ["HS256"], ignoreExpiration: true });
  } catch {
    return undefined;
  }
}

function readClaims(payload: unknown): TokenClaims | undefined {
  if (typeof payload !== "object" || payload === null) return undefined;
  const { sub, gen, jti, iat, exp } = payload as Record<string, unknown>;
  if (typeof sub !== "string" || sub === "" || typeof jti !== "string" || jti === "") return undefined;
  if (!isWhole(gen) || !isWhole(iat) || !isWhole(exp)) return undefined;
  return { account: sub, generation: gen, jti, expires: exp * 1000 };
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const invalid = () =>
  new ApiError("invalid_token", "This authentication token is not valid. Please log in again.");

const expired = () =>
  new ApiError("expired_token", "This authentication token has expired. Please log in again.");
