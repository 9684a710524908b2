/**
 * What the core needs from the outside world. Stores, providers and the password and token rooms implement these;
 * the core and the HTTP app know nothing else of them.
 */

/** Opaque, unique for ever, never reused; not the username. */
export type AccountId = string;

/** Made by the server before a question goes upstream; unique for ever. */
export type HoldId = string;

/** Whole tokens. `tokens` includes `held`; `tokens - held` is what a new question can take. Never negative. */
export interface Balance {
  tokens: number;
  held: number;
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

export interface HoldRequest {
  id: HoldId;
  account: AccountId;
  /** SHA-256 hex of the Idempotency-Key; absent for a question without one. */
  key?: string;
  /** SHA-256 hex over key, trimmed message and history: the same key with another digest is a reuse. */
  digest: string;
  /** Tokens. */
  price: number;
  /** Milliseconds since the epoch; a hold that is still open then can no longer be charged. */
  expires: number;
}

/** `paid`: this key was charged before; the hold costs nothing and occupies the key until charged or released. */
export type HoldOutcome =
  | { kind: "held" }
  | { kind: "paid" }
  | { kind: "in_flight" }
  | { kind: "key_reused" }
  | { kind: "answer_expired" }
  | { kind: "insufficient"; balance: Balance }
  | { kind: "all_held"; balance: Balance };

/** `expired`: nothing was charged. */
export type ChargeOutcome = { kind: "charged"; balance: Balance } | { kind: "expired" };

export interface Grant {
  /** Unique among all grants of the store, and remembered for ever: the same id twice is one grant. */
  id: string;
  account: AccountId;
  /** A positive safe integer; else `RangeError`. */
  tokens: number;
  reason: string;
}

/**
 * `repeated`: this very grant (id, account, tokens) was made before. `id_taken`: its id is that of another grant.
 * `too_many`: the balance would be past `Number.MAX_SAFE_INTEGER`. All but `granted` changed nothing.
 */
export type GrantOutcome =
  | { kind: "granted"; balance: Balance }
  | { kind: "repeated"; balance: Balance }
  | { kind: "id_taken" }
  | { kind: "too_many"; balance: Balance };

/**
 * The ledger (DESIGN §3). Each deed is atomic, and durable when its promise resolves. Every method rejects with
 * `ApiError("store_unavailable")` where the store cannot take it; then nothing has happened, in memory either.
 * At every moment: tokens = grants − charges, and tokens − held ≥ 0.
 */
export interface Ledger {
  balance(account: AccountId): Promise<Balance>;
  grant(grant: Grant): Promise<GrantOutcome>;
  /** Looks at the key first (API.md §2), then at the balance. */
  hold(request: HoldRequest): Promise<HoldOutcome>;
  /**
   * Settles a hold: takes its price, or for a `paid` hold records that it was asked again. A second call for the
   * same hold changes nothing and gives the same outcome. A rejected charge leaves the hold open, to be released.
   */
  charge(hold: HoldId): Promise<ChargeOutcome>;
  /** Settles a hold for nothing. Does nothing to a hold that is settled, unknown, or whose charge is under way. */
  release(hold: HoldId): Promise<void>;
  /** The last `days` UTC days (1–90), oldest first, days without use included. */
  usage(account: AccountId, days: number): Promise<DayUsage[]>;
}

/** Accounts and what makes their tokens valid. The same promises as the ledger's. */
export interface Accounts {
  /** `taken`: the name exists, without regard to ASCII case. The grant of `tokens` is part of the same deed. */
  create(account: {
    name: string;
    passwordHash: string;
    tokens: number;
  }): Promise<{ kind: "created"; account: Account } | { kind: "taken" }>;
  /** Without regard to ASCII case. */
  byName(name: string): Promise<Account | undefined>;
  /** The account of a token and whether that token was revoked: one look-up, on the way of every question. */
  session(account: AccountId, jti: string): Promise<{ account: Account; revoked: boolean } | undefined>;
  /**
   * Raises the generation; resolves to the account as it is then. `changed`: its generation is no longer the one given,
   * so another password was set meanwhile; nothing has happened.
   */
  setPassword(change: {
    account: AccountId;
    generation: number;
    passwordHash: string;
  }): Promise<{ kind: "set"; account: Account } | { kind: "changed" }>;
  setDisabled(account: AccountId, disabled: boolean): Promise<void>;
  /** `expires`: ms since the epoch, when the token would have ended anyway; pruned after it. */
  revoke(token: { account: AccountId; jti: string; expires: number }): Promise<void>;
}

export interface Store {
  /** For the banner, without secrets: `JSON files in /home/jane/.local/share/ai-chat/server`. */
  readonly description: string;
  readonly ledger: Ledger;
  readonly accounts: Accounts;
  /** At least 32 random bytes, made at the first start and kept: signs tokens unless the operator gave a secret. */
  signingSecret(): Promise<Buffer>;
  /** Whether it can take a charge now. */
  ready(): Promise<boolean>;
  /** Waits for what is under way, then lets go of everything. A second call gives the same promise. */
  close(): Promise<void>;
}

export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
}

/**
 * Who answers (DESIGN §4). Resolves to the whole answer (API.md §4: a `finish_reason` other than `error`, or `[DONE]`
 * in a stream; some text that is not blank; no error; not aborted). Rejects with `ApiError` `upstream_error` or
 * `upstream_unavailable`, or with `signal.reason` once aborted. With `onDelta` it streams: the pieces, none empty and
 * none with half of a character, joined are the answer.
 */
export interface Provider {
  /** Name of the model as the upstream knows it. */
  readonly model: string;
  answer(request: {
    messages: Message[];
    signal: AbortSignal;
    onDelta?: (text: string) => void;
  }): Promise<string>;
  /** Lets go of connections. */
  close(): Promise<void>;
}

/**
 * Password hashing off the main thread. Rejects with `ApiError("overloaded")` when its queue is full, and with
 * `signal.reason` for a job that still waits in the queue when `signal` is aborted; one that has begun runs to its end.
 */
export interface Passwords {
  hash(password: string, signal?: AbortSignal): Promise<string>;
  /** `hash` undefined (unknown name): false, after the same work as for a known one. */
  matches(password: string, hash: string | undefined, signal?: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

/** What an authentication token says. */
export interface TokenClaims {
  account: AccountId;
  generation: number;
  jti: string;
  /** Milliseconds since the epoch. */
  expires: number;
}

/** Authentication tokens. `verify` throws `ApiError` `invalid_token` or `expired_token`. */
export interface Tokens {
  issue(account: { id: AccountId; generation: number }): string;
  verify(token: string): TokenClaims;
}
