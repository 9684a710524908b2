import { KEY_LIFETIME_MS } from "../../../protocol/limits.ts";
import type { AccountId } from "../../core/ports.ts";

/** An Idempotency-Key that was charged. */
export interface ChargedKey {
  account: AccountId;
  key: string;
  digest: string;
  /** Time of the charge, in milliseconds since the epoch. */
  at: number;
  /** Whether its second answer was given, too. */
  again: boolean;
  /** Tokens of the charge. */
  cost: number;
  /** Undefined for a charge of before models. */
  model: string | undefined;
  /** Id of the API key that asked. */
  apiKey?: string | undefined;
}

/** A token that was logged out. */
export interface RevokedToken {
  account: AccountId;
  jti: string;
  expires: number;
}

/** What the books keep for some time only. */
export interface Kept {
  /** By `slot`, oldest charge first. */
  readonly keys: Map<string, ChargedKey>;
  /** By `slot`. */
  readonly revoked: Map<string, RevokedToken>;
}

/** The key of a Map for something that belongs to one account. */
export const slot = (account: AccountId, own: string): string => `${account} ${own}`;

/** The charged key, unless its lifetime is over at `now`. */
export function chargedKey(kept: Kept, keySlot: string, now: number): ChargedKey | undefined {
  const charged = kept.keys.get(keySlot);
  return charged && charged.at + KEY_LIFETIME_MS > now ? charged : undefined;
}

/** Enters a charged key, and drops those at the front whose lifetime is over. */
export function postKey(kept: Kept, charged: ChargedKey, now: number): void {
  for (const [keySlot, { at }] of kept.keys) {
    if (at + KEY_LIFETIME_MS > now) break;
    kept.keys.delete(keySlot);
  }
  const { account, key, digest, at, again, cost, model, apiKey } = charged;
  const keySlot = slot(account, key);
  // A Map keeps the place of a known key: deleted first, it goes to the end.
  kept.keys.delete(keySlot);
  if (at + KEY_LIFETIME_MS > now)
    kept.keys.set(keySlot, { account, key, digest, at, again, cost, model, apiKey });
}

/** Enters a revoked token. Each time the list has doubled, the tokens that have expired are dropped. */
export function postRevoked(kept: Kept, token: RevokedToken, now: number): void {
  const { account, jti, expires } = token;
  kept.revoked.set(slot(account, jti), { account, jti, expires });
  // At powers of two: then a sweep costs no more than the insertions since the last one.
  const { size } = kept.revoked;
  if (size >= 1024 && (size & (size - 1)) === 0)
    for (const [tokenSlot, old] of kept.revoked) if (old.expires <= now) kept.revoked.delete(tokenSlot);
}
