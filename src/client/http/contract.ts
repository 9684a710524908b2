import type { ApiKeyInfo, ListedApiKey, NewApiKey } from "./api-keys.ts";
import type { Image } from "../../protocol/images.ts";
import type { Turn } from "../../protocol/bodies.ts";
import type { ChatLimits } from "../../protocol/chat-limits.ts";
import type { NextTokens } from "../next-tokens.ts";
import type { Registration } from "../../protocol/replies.ts";
import type { Extension } from "../../protocol/routes.ts";

/** One question on its way to a server. */
export interface Question {
  message: string;
  /** Earlier turns, oldest first; sent only to a server that offers `history`. */
  history: Turn[];
  /** Called at each try if the history is not sent, because the server does not offer `history`. */
  onHistoryKept?: () => void;
  /** Name of the model to ask; the server's default if absent. */
  model?: string;
  /**
   * Called at each try if `model` is not sent, because the server does not offer `models`. Without it, such a question
   * fails with `not_offered`, and nothing is sent.
   */
  onModelLeftOut?: () => void;
  /** The user's instructions for the answer; sent only to a server that offers `instructions`. */
  instructions?: string;
  /** Called at each try if `instructions` are not sent, because the server does not offer them. */
  onInstructionsLeftOut?: () => void;
  /** A server that does not offer `images` gets no such question: it fails with `not_offered`. */
  images?: readonly Image[];
  /** Idempotency-Key: one per question, the same for all its retries. */
  key: string;
  /** Aborting closes the connection; the generator then throws `ClientError("interrupted")`. */
  signal?: AbortSignal;
}

/**
 * What comes back. `null`, or a field that is missing: the server did not say; it is never guessed. `model` is who answered,
 * `finish` why the AI ended (docs/http-api.md#finish-reasons), `turnsSent` how many of the newest entries of the history
 * reached it.
 */
export type AnswerEvent =
  | { type: "delta"; text: string }
  /** What the AI thinks before its answer; no part of it. */
  | { type: "reasoning"; text: string }
  | {
      type: "done";
      response: string;
      tokensDeducted: number | null;
      tokens: number | null;
      model?: string;
      finish?: string;
      turnsSent?: number;
    };

/** A model that a question can name. */
export interface ModelOffer {
  name: string;
  /** Tokens a question costs. */
  price: number | null;
  /** It answers questions that name none. */
  isDefault: boolean;
  /** What it takes, if the server tells it. */
  limits?: ChatLimits | undefined;
  /** It takes images. */
  images?: boolean;
}

/** What a server offers beyond the four endpoints (`GET /api/`); empty for other servers. */
export interface Offer {
  extensions: ReadonlySet<Extension>;
  /** Tokens a question costs. */
  price: number | null;
  model: string | null;
  /** Of that model, if the server tells them. */
  limits?: ChatLimits | undefined;
  /** Who may register, if the server tells it. */
  registration?: Registration | undefined;
  /** Empty if the server does not offer `models`. */
  models: readonly ModelOffer[];
}

/** Tokens, what questions in flight hold of them, the next refill, and whose they are. */
export interface BalanceNow {
  tokens: number | null;
  held: number | null;
  /** Absent if the server tells of none. */
  next?: NextTokens | undefined;
  /** The name of the account as the server has it now. Absent if it does not tell. */
  username?: string | undefined;
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
  /** What each API key or model used, if that was asked; name null: with a token, or before there were models. */
  by?: { name: string | null; questions: number; tokens: number }[];
}

/**
 * One server: the four documented calls, and those that it may offer besides. Every method rejects only with
 * `ClientError`. Keeps the authentication token in memory; writes it nowhere.
 */
export interface ApiClient {
  /** As normalised by `normalizeServer`, without last slash. */
  readonly server: string;
  /** The token that it sends now. */
  readonly token: string | undefined;
  /** `invite`: the code of an invitation. */
  register(account: {
    username: string;
    password: string;
    invite?: string | undefined;
  }): Promise<{ tokens: number | null }>;
  /** Resolves to the token, which this client then uses. */
  login(credentials: { username: string; password: string }): Promise<{ token: string }>;
  balance(signal?: AbortSignal): Promise<BalanceNow>;
  /** The last `days` UTC days, 1–90. `not_offered` if the server does not report usage, or not by that. */
  usage(days: number, signal?: AbortSignal, by?: "key" | "model"): Promise<Usage>;
  /**
   * Revokes the token at the server, and forgets it here in any case. `not_offered` if the server can't: the token then
   * stays valid there until it expires.
   */
  logout(signal?: AbortSignal): Promise<void>;
  /**
   * Resolves to the new token, which this client then uses; the account's other tokens end. `invalid_credentials` for a
   * wrong present password, `not_offered` if the server can't.
   */
  changePassword(passwords: {
    password: string;
    newPassword: string;
    /** Ends the account's API keys, too; `not_offered` if the server has none. */
    endsKeys?: boolean | undefined;
  }): Promise<{ token: string }>;
  /** API keys of the account; `not_offered` if the server has none. `key_not_allowed` if the token is an API key. */
  createKey(wished: NewApiKey, signal?: AbortSignal): Promise<ApiKeyInfo & { key: string }>;
  /** Oldest first. */
  keys(signal?: AbortSignal): Promise<ListedApiKey[]>;
  revokeKey(id: string, signal?: AbortSignal): Promise<void>;
  /** Streams if the server streams, else yields one `done`. Leaving the loop closes the connection. Never retries. */
  ask(question: Question): AsyncGenerator<AnswerEvent, void, undefined>;
  /**
   * Only a client of `local` has it. Called after the last question failed because the process that ran the server has
   * ended: opens the server again. False if this process runs it.
   */
  reopen?(): Promise<boolean>;
  /** Requested once, then remembered. Never rejects: a server that does not answer in time offers nothing. */
  offer(signal?: AbortSignal): Promise<Offer>;
  /** The models that a question can name, requested anew. `not_offered` if the server does not offer `models`. */
  models(signal?: AbortSignal): Promise<readonly ModelOffer[]>;
  /**
   * Whether a chat server of this API answers there (docs/cli.md#your-own-server): `token_balance` without a token, or
   * where that is missing `chat`, is 401 or 403 in JSON.
   */
  isChatServer(): Promise<boolean>;
  close(): Promise<void>;
}
