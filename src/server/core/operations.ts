import type { AccountId, Balance } from "./ports.ts";

/** Why and by whom, as the operator states it; null where nothing was stated. Without control characters. */
export interface Act {
  reason: string | null;
  by: string | null;
}

/** Most accounts of one request: what one turn of the event loop can do without delaying a question. */
export const ACT_PAGE = 200;

/** An account as the operator sees it. Times in milliseconds since the epoch. */
export interface AccountRow extends Balance {
  id: AccountId;
  username: string;
  /** Tokens of all charges. */
  used: number;
  created: number;
  lastQuestion: number | null;
  disabled: boolean;
  /** Tokens of a refill that is due and that nobody has used yet; not part of `tokens`. */
  due: number;
  /** How many API keys it has that were not ended. Absent in a list of accounts. */
  apiKeys?: number | undefined;
}

export type FactKind =
  | "account"
  | "grant"
  | "take"
  | "charge"
  | "again"
  | "password"
  | "revoked"
  | "disabled"
  | "enabled"
  | "renamed"
  | "deleted"
  | "api_key"
  | "api_key_ended"
  | "opening";

/** A fact of an account; `opening`: what a compaction carried forward. `n` rises from fact to fact of an account, its creation first. */
export interface FactRow {
  n: number;
  /** Milliseconds since the epoch. */
  at: number;
  fact: FactKind;
  /** What it added to the balance. */
  tokens: number;
  /** The account's tokens after it. */
  balance: number;
  model: string | null;
  /** Name of the API key that asked. */
  key: string | null;
  reason: string | null;
  by: string | null;
}

/**
 * Sums of charges of an account, a UTC day (`YYYY-MM-DD`) and a model (`unknown` for a charge of before models). Of charges
 * from long before a ledger was compacted, `day` is a month (`YYYY-MM`).
 */
export interface UseRow {
  /** The name now; the pseudonym of a deleted account. */
  account: string;
  day: string;
  model: string;
  questions: number;
  /** Tokens. */
  tokens: number;
}

/**
 * Facts as they were stored, without changing anything. A data folder is read by the command itself, so that a server
 * that runs on it has no work.
 */
export interface FactReader {
  /**
   * In the order of `n`. `since`, `until`: milliseconds since the epoch, the second exclusive. `after`: an `n`. With
   * `follow` it does not end after the last one, but gives new ones as they become durable, until that is aborted.
   */
  facts(asked: {
    account: AccountId;
    since?: number | undefined;
    until?: number | undefined;
    after?: number | undefined;
    follow?: AbortSignal | undefined;
  }): AsyncIterable<FactRow>;
  /** From that UTC day (`YYYY-MM-DD`) on; a month in which it is counts whole. In any order. */
  use(since: string): Promise<UseRow[]>;
  close(): Promise<void>;
}

/** The account was deleted, or never existed. */
export interface Unknown {
  kind: "unknown";
}

/**
 * `taken`: as many tokens as were free, at most those asked for. `repeated`: the same take (id, account, tokens) was made
 * before. `id_taken`: this account got a grant, or another take, with this id.
 */
export type TakeOutcome =
  | { kind: "taken" | "repeated"; taken: number; balance: Balance }
  | { kind: "id_taken" }
  | Unknown;

/**
 * What an operator does to accounts. Each act is atomic, durable when its promise resolves, and a fact of the ledger.
 * Repeated, it changes nothing (`repeated`). Rejects as the `Ledger` does. A question in flight ends and is charged as it
 * began.
 */
export interface Operations {
  /**
   * Takes at most `tokens`, a positive safe integer (else `RangeError`), and never what is held. The id belongs to the
   * account, as that of a grant.
   */
  take(take: { id: string; account: AccountId; tokens: number } & Act): Promise<TakeOutcome>;
  /** The account's tokens are refused at once, at every server. Enabled, those that have not expired are valid again. */
  setDisabled(
    account: AccountId,
    disabled: boolean,
    act: Act,
  ): Promise<{ kind: "done" | "repeated" } | Unknown>;
  /** All tokens of the account end. */
  setPassword(
    account: AccountId,
    passwordHash: string,
    act: Act,
  ): Promise<{ kind: "done" | "repeated" } | Unknown>;
  /** `taken`: another account has the name, in any ASCII case. Tokens stay valid. */
  rename(
    account: AccountId,
    name: string,
    act: Act,
  ): Promise<{ kind: "done" | "repeated" } | { kind: "taken" } | Unknown>;
  /**
   * Removes name, hash, known addresses and what makes tokens valid. Its facts and its tokens stay under a pseudonym. The
   * name is free again.
   */
  remove(account: AccountId, act: Act): Promise<{ kind: "done" | "repeated"; pseudonym: string } | Unknown>;
  /**
   * For each account, the tokens of the grant or the take that it has under this id (a take's are not positive), or null.
   * Writes nothing.
   */
  moved(id: string, accounts: readonly AccountId[]): Promise<(number | null)[]>;
  /** All accounts but deleted ones, in pages, so that a long list delays no question. Writes nothing. */
  accounts(): AsyncIterable<AccountRow[]>;
  /** In any ASCII case; also by the pseudonym of a deleted account. Writes nothing. */
  account(name: string): Promise<AccountRow | undefined>;
}

/** The name of a deleted account. No username can have a `#` (docs/http-api.md#usernames). */
export const pseudonymOf = (account: AccountId): string => `deleted#${account}`;
