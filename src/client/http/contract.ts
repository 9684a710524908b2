import type { Turn } from "../../protocol/bodies.ts";
import type { Extension } from "../../protocol/routes.ts";

/** One question on its way to a server. */
export interface Question {
  message: string;
  /** Earlier turns, oldest first; sent only to a server that offers `history`. */
  history: Turn[];
  /** Told, at each try, that the history stays here, because the server doesn't offer to take it. */
  onHistoryKept?: () => void;
  /** Idempotency-Key: one per question, kept across its repeats. */
  key: string;
  /** Aborting hangs up; the generator then throws `ClientError("interrupted")`. */
  signal?: AbortSignal;
}

/** What comes back. `null` is "the server didn't say"; it is never guessed. */
export type AnswerEvent =
  | { type: "delta"; text: string }
  | { type: "done"; response: string; tokensDeducted: number | null; tokens: number | null };

/** What a server says of itself beyond the four endpoints (`GET /api/`); none of it for a server of others. */
export interface Offer {
  extensions: ReadonlySet<Extension>;
  /** Tokens a question costs. */
  price: number | null;
  model: string | null;
}

/** Tokens and what questions in flight hold of them. */
export interface BalanceNow {
  tokens: number | null;
  held: number | null;
}

/** One UTC day of an account, `YYYY-MM-DD`: its charged questions and what they cost. */
export interface DayOfUse {
  date: string;
  questions: number;
  tokens: number;
}

/** What an account used. */
export interface Usage {
  /** Left now. */
  tokens: number | null;
  /** Oldest first, days without use included. */
  days: DayOfUse[];
}

/**
 * One server, spoken to in the four documented calls and whatever it offers besides. Every method rejects with
 * `ClientError` alone. Holds the authentication token for as long as it lives; never writes it anywhere.
 */
export interface ApiClient {
  /** As normalised by `normalizeServer`, without last slash. */
  readonly server: string;
  /** Whether it has a token to send. */
  readonly hasToken: boolean;
  register(credentials: { username: string; password: string }): Promise<{ tokens: number | null }>;
  /** Resolves to the token, which this client uses from then on. */
  login(credentials: { username: string; password: string }): Promise<{ token: string }>;
  balance(signal?: AbortSignal): Promise<BalanceNow>;
  /** The last `days` UTC days, 1–90. `not_offered` where the server doesn't tell. */
  usage(days: number, signal?: AbortSignal): Promise<Usage>;
  /**
   * Makes the token invalid at the server, and forgets it here however that ends. `not_offered` where the server can't:
   * the token then stays valid there until it ends by itself.
   */
  logout(signal?: AbortSignal): Promise<void>;
  /**
   * Resolves to the new token, which this client uses from then on; the server takes no other of this account any
   * more. `invalid_credentials` for a wrong present password, `not_offered` where the server can't.
   */
  changePassword(passwords: { password: string; newPassword: string }): Promise<{ token: string }>;
  /** Streams where the server streams, else yields the one `done`. Leaving the loop hangs up. One try, no repeats. */
  ask(question: Question): AsyncGenerator<AnswerEvent, void, undefined>;
  /** Asked once, then remembered; never rejects: a server of others, or one that isn't waited for, offers nothing. */
  offer(signal?: AbortSignal): Promise<Offer>;
  /** Whether a chat server of this API answers there (CLI.md §3: `token_balance` without a token → 401/403 JSON). */
  isChatServer(): Promise<boolean>;
  close(): Promise<void>;
}
