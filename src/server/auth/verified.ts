import { sha256 } from "../core/sha256.ts";
import type { TokenClaims } from "../core/ports.ts";

/** Most tokens that are remembered; the oldest entries are dropped first. About 4 MB. */
const MOST = 10_000;

/** The claims of tokens whose signature was verified, by the tokens' SHA-256: the tokens themselves are not kept. */
export interface Verified {
  /** Never claims that have expired at `now`, in milliseconds since the epoch. */
  find(token: string, now: number): TokenClaims | undefined;
  remember(token: string, claims: TokenClaims, now: number): void;
  /** How many are remembered. */
  readonly size: number;
}

/** See {@link Verified}. One for each secret. */
export function createVerified(most = MOST): Verified {
  const known = new Map<string, TokenClaims>();

  function makeRoom(now: number): void {
    for (const [digest, { expires }] of known) {
      if (known.size <= most && expires > now) return;
      known.delete(digest);
    }
  }

  return {
    find(token, now) {
      const digest = sha256(token);
      const claims = known.get(digest);
      if (claims === undefined || claims.expires > now) return claims;
      known.delete(digest);
      return undefined;
    },
    remember(token, claims, now) {
      known.set(sha256(token), claims);
      makeRoom(now);
    },
    get size() {
      return known.size;
    },
  };
}
