import type { ApiKeyLimit } from "../../protocol/replies.ts";

/**
 * What the core needs from stores and limits, which implement these interfaces; the core and the HTTP app know nothing else
 * about them. All that a store has together is in store.ts. What the core needs of the AI is in provider.ts, of passwords and
 * tokens in credentials.ts.
 */

/** Opaque, never reused; not the username. */
export type AccountId = string;

/** Made by the server before a question goes upstream; never reused. */
export type HoldId = string;

/** Whole tokens. `tokens` includes `held`; `tokens - held` is free for new questions. Never negative. */
export interface Balance {
  tokens: number;
  held: number;
  /** The next refill that this account gets: `at` in milliseconds since the epoch. Absent without refills. */
  next?: { tokens: number; at: number };
}

export interface Account {
  id: AccountId;
  /** As typed at registration. */
  name: string;
  /** bcrypt, `$2b$…`. */
  passwordHash: string;
  /** Raised by every new password; a token of another generation is invalid. */
  generation: number;
  disabled: boolean;
}

/** One UTC day, `YYYY-MM-DD`. */
export interface DayUsage {
  date: string;
  questions: number;
  tokens: number;
}

/** Charges of an API key or a model. `name`: null for those of tokens, and for those of before models. */
export interface KeyUse {
  name: string | null;
  questions: number;
  tokens: number;
}

export interface HoldRequest {
  id: HoldId;
  account: AccountId;
  /** SHA-256 hex of the Idempotency-Key; absent for a question without one. */
  key?: string | undefined;
  /**
   * SHA-256 hex of key, trimmed message, history, and the model if the question named one. The same key with another
   * digest is `key_reused`. Empty without a key.
   */
  digest: string;
  /** Tokens. */
  price: number;
  /** Name of the model that the question asks, as the operator named it. The charge records it. */
  model: string;
  /** Milliseconds since the epoch; from then on the hold cannot be charged. */
  expires: number;
  /** Id of the API key that asks; undefined for an authentication token. The charge records it. */
  apiKey?: string | undefined;
  /** The account may ask nothing new now: without a key that is known, the outcome is `limited`. */
  limited?: true;
}

/**
 * `paid`: this key was charged before; the hold costs nothing and keeps the key busy until it is settled. `cost`: tokens of
 * the charge that has this key. `model`: undefined for a charge of before models.
 */
export type HoldOutcome =
  | { kind: "held" }
  | { kind: "paid"; cost: number; model: string | undefined }
  | { kind: "in_flight" }
  | { kind: "key_reused" }
  | { kind: "limited" }
  | { kind: "answer_expired"; cost: number; model: string | undefined }
  | { kind: "insufficient"; balance: Balance }
  | { kind: "all_held"; balance: Balance }
  /** The API key has been ended, or has expired. */
  | { kind: "key_ended" }
  /** Charges and holds of the API key in the period of its limit leave too little for this price. `ends`: of that period. */
  | { kind: "key_limit"; name: string; limit: ApiKeyLimit; ends: number; balance: Balance };

/** What a token states about its account; both must still be true. */
export interface Login {
  generation: number;
  jti: string;
}

/** `ended`: the account is gone, has another generation, or has revoked the token; or the API key has ended. `name`: the account's. */
export type Admission =
  | { kind: "ended" }
  | { kind: "disabled" }
  | { kind: "admitted"; name: string; outcome: HoldOutcome };

/** `expired`: nothing was charged. */
export type ChargeOutcome = { kind: "charged"; balance: Balance } | { kind: "expired" };

export interface Grant {
  /** Belongs to the account, and is remembered for ever: a second grant with the same id changes nothing. */
  id: string;
  account: AccountId;
  /** A positive safe integer; else `RangeError`. */
  tokens: number;
  reason: string;
  /** Who gave it, as the operator states it. */
  by?: string | undefined;
}

/**
 * `repeated`: the same grant (id, account, tokens) was made before. `id_taken`: this account got another grant with this
 * id. `too_many`: the balance would exceed `Number.MAX_SAFE_INTEGER`. `unknown`: the account was deleted, or never existed.
 * Only `granted` has changed anything.
 */
export type GrantOutcome =
  | { kind: "granted"; balance: Balance }
  | { kind: "repeated"; balance: Balance }
  | { kind: "id_taken" }
  | { kind: "too_many"; balance: Balance }
  | { kind: "unknown" };

/**
 * The ledger (docs/ledger.md#promises). Each call is atomic, and durable when its promise resolves. Every method
 * rejects with
 * `ApiError("store_unavailable")` if the store cannot do it; then nothing has changed, not even in memory. At every
 * moment tokens = grants − charges, and tokens − held ≥ 0.
 */
export interface Ledger {
  balance(account: AccountId): Promise<Balance>;
  grant(grant: Grant): Promise<GrantOutcome>;
  /** Checks the key first (docs/http-api.md#idempotency), then the balance. */
  hold(request: HoldRequest): Promise<HoldOutcome>;
  /**
   * Checks the login, then as `hold`, in one step; `api_key`: checks the API key of the request and its account. Absent from a
   * store that looks up a login without waiting.
   */
  admit?(login: Login | "api_key", request: HoldRequest): Promise<Admission>;
  /**
   * Settles a hold: takes its price, or records the second answer of a `paid` hold. A second call for the same hold
   * changes nothing and gives the same outcome. If it rejects, the hold is still open and must be released.
   */
  charge(hold: HoldId): Promise<ChargeOutcome>;
  /** Settles a hold without a charge. Ignores a hold that is settled, unknown, or being charged. */
  release(hold: HoldId): Promise<void>;
  /** The last `days` UTC days (1–90), oldest first, days without use included. */
  usage(account: AccountId, days: number): Promise<DayUsage[]>;
  /**
   * The sums of these days for each API key or model with use, in any order. Keys that have ended are included; those that had
   * the same name are one.
   */
  usageBy?(account: AccountId, days: number, by: "key" | "model"): Promise<KeyUse[]>;
}

/** An invitation as it is made. Its code is kept nowhere. */
export interface NewInvite {
  /** For the operator; names the invitation in the ledger. */
  id: string;
  /** SHA-256 hex of its code. */
  digest: string;
  /** What an account gets instead of the starting tokens; null: those. */
  tokens: number | null;
  /** How many accounts can be made with it. */
  uses: number;
  /** Milliseconds since the epoch; from then on it is not valid. */
  expires: number;
}

/** `state`: whether an account can be made with it now, or why not. */
export interface Invite extends NewInvite {
  /** When it was made, in milliseconds since the epoch. */
  at: number;
  /** How many accounts were made with it. */
  used: number;
  state: "valid" | "used_up" | "expired" | "revoked";
}

/** Invitations (docs/server.md#who-may-register). Atomic, durable and rejecting as the {@link Ledger} is. */
export interface Invites {
  /** Makes all of them or none. `taken`: another one has an id or a digest. Repeated, it changes nothing. */
  create(invites: NewInvite[]): Promise<{ kind: "created" | "taken" }>;
  byDigest(digest: string): Promise<Invite | undefined>;
  /** All that were ever made, oldest first. */
  list(): Promise<Invite[]>;
  /** The one that has this id or this digest. `repeated`: it was revoked before. */
  revoke(invite: {
    id: string;
    digest: string;
  }): Promise<{ kind: "revoked" | "repeated"; id: string } | { kind: "unknown" }>;
}

/** Accounts, and what makes their tokens valid. Atomic, durable and rejecting as the {@link Ledger} is. */
export interface Accounts {
  /**
   * Makes the account, grants `tokens`, and takes a use of the invitation with the id `invite`, atomically. `taken`: the
   * name exists, in any ASCII case. `invalid_invite`: the invitation is not valid any more.
   */
  create(account: {
    name: string;
    passwordHash: string;
    tokens: number;
    invite?: string | undefined;
  }): Promise<{ kind: "created"; account: Account } | { kind: "taken" } | { kind: "invalid_invite" }>;
  /** In any ASCII case. */
  byName(name: string): Promise<Account | undefined>;
  /** The account of a token, and whether that token was revoked: one lookup, because every question needs both. */
  session(account: AccountId, jti: string): Promise<{ account: Account; revoked: boolean } | undefined>;
  /**
   * Raises the generation, and resolves to the account after it. `changed`: the generation is no longer the given one,
   * because another password was set in the meantime; nothing has changed.
   */
  setPassword(change: {
    account: AccountId;
    generation: number;
    passwordHash: string;
    /** Ends the API keys of the account, too. */
    endsKeys?: boolean | undefined;
  }): Promise<{ kind: "set"; account: Account } | { kind: "changed" }>;
  setDisabled(account: AccountId, disabled: boolean): Promise<void>;
  /** `expires`: when the token expires by itself, in milliseconds since the epoch. Forgotten after that. */
  revoke(token: { account: AccountId; jti: string; expires: number }): Promise<void>;
  /** Whether the account was at this address, a digest, in the last 90 days. False for an account that does not exist. */
  knows(account: AccountId, address: string): Promise<boolean>;
  /** Makes an address known. An account has at most 20: the one that was not remembered for the longest time is dropped. */
  remember(account: AccountId, address: string): Promise<void>;
}

/** What was counted for a key in its window. */
export interface Counted {
  consumedPoints: number;
  /** Milliseconds until the window ends. */
  msBeforeNext: number;
}

/** Counts by key, a digest, in windows of time, in the words of rate-limiter-flexible. */
export interface Counter {
  /** Counts. `customDuration`: seconds of the window, which begins with its first count. */
  penalty(key: string, points: number, options: { customDuration: number }): Promise<Counted>;
  /** Takes one back. */
  reward(key: string): Promise<Counted>;
  delete(key: string): Promise<boolean>;
}

/** Counts by key, as often as the operator allows (docs/http-api.md#rate-limits). */
export interface Limit {
  /**
   * Counts one for `key`, and resolves to what takes it back. Rejects with `ApiError("rate_limited")` if the limit is
   * reached; then it has counted nothing.
   */
  take(key: string): Promise<() => Promise<void>>;
  /** Forgets what was counted for `key`. */
  clear(key: string): Promise<void>;
}
