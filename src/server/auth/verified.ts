import type { TokenClaims } from "../core/credentials.ts";

/** Most tokens that are remembered; the oldest entries are dropped first. About 6 MB. */
const MOST = 10_000;

/**
 * The claims of tokens whose signature was verified. The tokens are the keys: a digest of each costs more than all the rest,
 * and whoever can read this memory has the secret that signs tokens, too. Nobody can measure the comparison: V8 finds a
 * key by its hash, with a seed of its own in each process, and compares only texts that have the same.
 */
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
    for (const [token, { expires }] of known) {
      if (known.size <= most && expires > now) return;
      known.delete(token);
    }
  }

  return {
    find(token, now) {
      const claims = known.get(token);
      if (claims === undefined || claims.expires > now) return claims;
      known.delete(token);
      return undefined;
    },
    remember(token, claims, now) {
      known.set(token, claims);
      makeRoom(now);
    },
    get size() {
      return known.size;
    },
  };
}
