import type { Rate } from "../../protocol/rate.ts";
import { periods } from "../../protocol/refill.ts";
import type { ApiKeyLimit } from "../../protocol/replies.ts";
import type { Account, AccountId } from "./ports.ts";

/** An API key as it is made. The key itself is kept nowhere. */
export interface NewApiKey {
  /** Names the key in the ledger and in the API; never reused. */
  id: string;
  account: AccountId;
  /** Unique among the keys of the account that have not ended, in any ASCII case. */
  name: string;
  /** SHA-256 hex of the key. */
  digest: string;
  limit: ApiKeyLimit | null;
  /** Milliseconds since the epoch; from then on it is refused. */
  expires: number | null;
}

export interface ApiKey extends NewApiKey {
  /** When it was made, in milliseconds since the epoch. */
  at: number;
  /** Tokens charged in the running period of its limit; without a limit, in the running month. */
  spent: number;
  /** When a question that it asked was last charged; null: never. */
  lastUsed: number | null;
}

/**
 * API keys (docs/http-api.md#api-keys). Each call is atomic, durable when its promise resolves, and rejects as the `Ledger`
 * does. Keys that were ended or whose account was deleted are in no list and found by no digest.
 */
export interface ApiKeys {
  /**
   * `taken`: another key of the account has the name, or any key had the id or digest. `too_many`: see API_KEYS. `unknown`:
   * the account was deleted.
   */
  create(
    key: NewApiKey,
  ): Promise<{ kind: "created"; key: ApiKey } | { kind: "taken" | "too_many" | "unknown" }>;
  /** Oldest first, expired ones included. */
  list(account: AccountId): Promise<ApiKey[]>;
  revoke(account: AccountId, id: string): Promise<{ kind: "revoked" } | { kind: "unknown" }>;
  /** One lookup. Also an expired key, and one of a disabled account. */
  byDigest(digest: string): Promise<{ key: ApiKey; account: Account } | undefined>;
  /**
   * Whose key it is, from memory if it was asked before, so that `Ledger.admit` is the only step of a question. Perhaps also
   * one that has ended meanwhile: only `admit` says whether it may ask. Absent from a store without `admit`.
   */
  ownerOf?(digest: string): Promise<KeyOwner | undefined>;
}

/** An API key and its account, which never change. */
export type KeyOwner = Pick<ApiKey, "id" | "account">;

const LATEST_DATE = 8.64e15;

/** Throws `RangeError` for what no store can keep, and no reply can say. */
export function checkNewApiKey({ id, name, digest, limit, expires }: NewApiKey): void {
  if (id === "" || name === "" || !/^[0-9a-f]{64}$/.test(digest))
    throw new RangeError("An API key has an id, a name and a SHA-256.");
  if (limit && !(Number.isSafeInteger(limit.tokens) && limit.tokens >= 0 && periods.includes(limit.per)))
    throw new RangeError("A limit is a whole number of tokens in a day, week or month.");
  if (expires !== null && !(Number.isSafeInteger(expires) && Math.abs(expires) <= LATEST_DATE))
    throw new RangeError("expires is a time in milliseconds.");
}

/** Most keys of an account that have not ended. */
export const API_KEYS = 100;

/** Keys that an account may make, because those that have ended stay in the store. */
export const NEW_API_KEYS: Rate = { count: 200, seconds: 86_400 };
