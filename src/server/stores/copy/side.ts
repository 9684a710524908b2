import type { Account, AccountId } from "../../core/ports.ts";

/** An account as it is now; `tokens` is what its entries must come to. */
export interface CopiedAccount extends Account {
  tokens: number;
}

/** One entry of a ledger. `kind`: see chat_ledger in the Postgres store's migrations. */
export interface Entry {
  id: string;
  kind: "account" | "grant" | "charge" | "again";
  account: AccountId;
  /** ms since the epoch. */
  at: number;
  /** What it adds to the balance. */
  tokens: number;
  reason?: string | undefined;
  /** Digests of the Idempotency-Key and of what was asked, where they are still known. */
  key?: { key: string; digest: string } | undefined;
}

/** Logged-out tokens that have not ended yet. */
export interface CopiedToken {
  account: AccountId;
  jti: string;
  /** ms since the epoch. */
  expires: number;
}

/** What a side is opened with. */
export interface Opening {
  /** ms since the epoch: what is older than a day or 90 days by it. */
  now: number;
  /** Gets sentences for the operator. */
  warn: (sentence: string) => void;
  /** Gives the copy up. */
  signal?: AbortSignal | undefined;
}

/** A store that is copied from; nobody serves from it meanwhile. */
export interface Source {
  description: string;
  accounts: CopiedAccount[];
  revoked: CopiedToken[];
  /** Undefined where none was made yet. */
  secret: Buffer | undefined;
  /** The ledger in pieces: an account's own entry first, no balance below zero, an `again` behind its charge. */
  entries(): AsyncIterable<Entry[]>;
  close(): Promise<void>;
}

/** What was written, as the target counted it. */
export interface Copied {
  accounts: number;
  entries: number;
  tokens: number;
}

/** A store that is copied to, and holds nothing yet. */
export interface Target {
  description: string;
  /** Writes all of it, looks whether every account has what it had, and only then makes it the store; else nothing. */
  take(source: Source): Promise<Copied>;
  close(): Promise<void>;
}
