import { createSecretKey, randomUUID } from "node:crypto";
import jwt from "jsonwebtoken";
import { SECRET_BYTES } from "../../protocol/limits.ts";
import { ApiError } from "../core/api-error.ts";
import type { TokenClaims, Tokens } from "../core/credentials.ts";
import { StartupError } from "../core/startup-error.ts";
import type { SigningKey } from "./signing-keys.ts";
import { createVerified } from "./verified.ts";

const TOKEN_CHARACTERS = 4096;
const DAY_S = 24 * 60 * 60;

/** Tokens whose secrets can be replaced while they are in use. */
export interface ReplaceableTokens extends Tokens {
  /** Signs with other secrets, and takes only their tokens. */
  use(keys: readonly SigningKey[]): void;
}

interface Options {
  /** At least one, the newest first, each of at least {@link SECRET_BYTES}, else StartupError (RFC 7518 §3.2). */
  keys: readonly SigningKey[];
  /** The lifetime of a new token. */
  days: number;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Authentication tokens as JWTs signed with HS256: `sub` (account), `gen` (generation), `jti`, `iat`, `exp` (seconds). */
export function createTokens({ keys, days, now }: Options): ReplaceableTokens {
  let known = keys.map(readyKey);
  let verified = createVerified();

  /** Undefined if none of the secrets signed it. */
  function claimsOf(token: string): TokenClaims | undefined {
    for (const { key, until } of known) {
      const claims = readClaims(signedPayload(token, key));
      if (claims) return { ...claims, expires: Math.min(claims.expires, until) };
    }
    return undefined;
  }

  return {
    issue: ({ id, generation }) => {
      const iat = Math.floor(now() / 1000);
      const exp = iat + Math.round(days * DAY_S);
      const { key } = known.find(({ from }) => from <= now()) ?? known.at(-1)!;
      return jwt.sign({ sub: id, gen: generation, jti: randomUUID(), iat, exp }, key, { algorithm: "HS256" });
    },
    verify: (token) => {
      if (typeof token !== "string" || token.length > TOKEN_CHARACTERS) throw invalid("");
      const known = verified.find(token, now());
      if (known) return known;
      const claims = claimsOf(token);
      if (!claims) throw invalid(token);
      if (claims.expires <= now()) throw expired();
      verified.remember(token, claims, now());
      return claims;
    },
    use(keys) {
      known = keys.map(readyKey);
      verified = createVerified();
    },
  };
}

/** With a key object: jsonwebtoken tries to parse a string as a public key at every call, at sixty times the cost. */
function readyKey({ secret, from, until }: SigningKey) {
  if (secret.length < SECRET_BYTES) {
    throw new StartupError(
      `The secret that signs tokens has ${secret.length} bytes; it needs at least ${SECRET_BYTES}.`,
      "Give a longer one, or none: the server then makes its own.",
    );
  }
  return { key: createSecretKey(secret), from, until };
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

/** Three texts with dots between them. What has another form may be meant as an API key. */
const FORM = /^[^.]*\.[^.]*\.[^.]*$/;

const invalid = (token: string) =>
  new ApiError(
    "invalid_token",
    FORM.test(token)
      ? "This authentication token is not valid. Please log in again."
      : "This is not a token of this server, and not an API key, which begins with aic_. Make an API key, or log in again.",
  );

const expired = () =>
  new ApiError("expired_token", "This authentication token has expired. Please log in again.");
