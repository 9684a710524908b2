import type { FactKind } from "../../core/operations.ts";
import type { ApiKey } from "../../core/api-keys.ts";
import type { Account, AccountId, NewInvite } from "../../core/ports.ts";
import type { Refill } from "../json/facts.ts";
import type { KnownAddress } from "../json/known.ts";

/** An account in its present state. Its entries must add up to `tokens`. A deleted one has a pseudonym and no hash. */
export interface CopiedAccount extends Account {
  tokens: number;
  /** Start of the last period of which it got the refill, or did not need it. Milliseconds since the epoch. */
  refilled: number | null;
}

/** One entry of a ledger. Former names and hashes are not copied: they belong to nobody any more. */
export interface Entry {
  /** Of a grant or take: as the operator gave it, unique in the account. Of a charge or repeat: the question's. Else any. */
  id: string;
  kind: Exclude<FactKind, "opening">;
  account: AccountId;
  /** ms since the epoch. */
  at: number;
  /** Added to the balance; negative for a charge. */
  tokens: number;
  reason?: string | null | undefined;
  by?: string | null | undefined;
  /** Of a take: the tokens that were to be taken. */
  asked?: number | undefined;
  /** Of an account: its generation then. Each new password raises it, and the deletion. */
  generation?: number | undefined;
  /** Of an account: the id of the invitation that it was made with. */
  invite?: string | undefined;
  /** Of a charge; undefined if it was made before models. */
  model?: string | undefined;
  /** Of a charge or a repeat: the id of the API key that asked. Of `api_key` and `api_key_ended`: that of the API key. */
  apiKey?: string | undefined;
  /** SHA-256 of the Idempotency-Key and of the question, if they are still stored. */
  key?: { key: string; digest: string } | undefined;
}

/** A logged-out token that has not expired yet. */
export interface CopiedToken {
  account: AccountId;
  jti: string;
  /** ms since the epoch. */
  expires: number;
}

/** An invitation in its present state. As many accounts as `used` says must have been made with it. */
export interface CopiedInvite extends NewInvite {
  /** ms since the epoch. */
  at: number;
  used: number;
  revoked: boolean;
}

/**
 * An API key in its present state. It has one entry `api_key`, before all that name it. One that
 * has ended has an entry `api_key_ended`, at least if a later one has its name. What it spent is the sum of its charges.
 */
export interface CopiedApiKey extends Omit<ApiKey, "spent"> {
  ended: boolean;
}

/** How accounts are refilled from `at` on, in milliseconds since the epoch. */
export interface CopiedRefill extends Refill {
  at: number;
}

/** Options of a source or target. */
export interface Opening {
  /** Milliseconds since the epoch. Keys and usage that are too old at this time are not copied. */
  now: number;
  /** Gets sentences for the operator. */
  warn: (sentence: string) => void;
  /** Aborts the copy. */
  signal?: AbortSignal | undefined;
  /** The key file of the folder that is copied. A folder that a copy makes has no key. */
  ledgerKey?: string | undefined;
}

/** A store to copy from. No server runs on it. */
export interface Source {
  description: string;
  accounts: CopiedAccount[];
  revoked: CopiedToken[];
  /** Oldest first. */
  invites: CopiedInvite[];
  /** Those that were ever made for accounts that are not deleted; each account's oldest first. */
  apiKeys: CopiedApiKey[];
  known: KnownAddress[];
  /** Oldest first. */
  refills: CopiedRefill[];
  /** Whether a charge may name its model. */
  models: boolean;
  /** Whether there are an operator's acts, or refills. */
  operator: boolean;
  /** Undefined if none was made yet. */
  secret: Buffer | undefined;
  /** The ledger in pieces, in an order in which an account's own entry is first, no balance is negative, and an `again` comes after its charge. */
  entries(): AsyncIterable<Entry[]>;
  close(): Promise<void>;
}

/** What was copied, as counted by the target. */
export interface Copied {
  accounts: number;
  entries: number;
  tokens: number;
}

/** An empty store to copy to. */
export interface Target {
  description: string;
  /** Writes everything, checks every account, and only then makes it the store. Otherwise the target stays empty. */
  take(source: Source): Promise<Copied>;
  close(): Promise<void>;
}
