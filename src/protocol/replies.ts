import type { ChatLimits } from "./chat-limits.ts";
import type { Period, RefillSetting } from "./refill.ts";
import type { Extension } from "./routes.ts";

/** `POST /api/register/` → 201 */
export interface RegisterReply {
  message: "User created successfully";
  tokens: number;
}

/** `POST /api/login/` → 200 */
export interface LoginReply {
  token: string;
}

/** `POST /api/chat/` → 200 as JSON. What else there is to say of it rides in headers. */
export interface ChatReply {
  response: string;
  tokens_deducted: number;
}

/** `GET /api/models/` → 200: the models that a question can name, the default first. */
export interface ModelsReply {
  models: {
    name: string;
    /** Tokens a question. */
    price: number;
    default: boolean;
    limits: ChatLimits;
    /** Absent if it takes none. */
    images?: true;
  }[];
}

/**
 * `GET /api/token_balance/` → 200. What questions in flight hold rides in the header `Tokens-Held`, the next refill in
 * `Tokens-Next` and `Tokens-Next-At`.
 */
export interface BalanceReply {
  tokens: number;
}

/** One UTC day of an account, `YYYY-MM-DD`: its charged questions and what they cost. */
export interface DayReply {
  date: string;
  questions: number;
  tokens: number;
}

/** `GET /api/usage/` → 200: the balance now, and the days, oldest first, those without use included. */
export interface UsageReply {
  tokens: number;
  days: DayReply[];
  /** With `by=key`; null: with a token. */
  keys?: NamedUse[];
  /** With `by=model`; null: before there were models. */
  models?: NamedUse[];
}

/** What the days of a usage have for one API key or model. The most tokens first. */
export interface NamedUse {
  name: string | null;
  questions: number;
  tokens: number;
}

/** `POST /api/password/` → 200: the one token of the account that is valid from then on. */
export interface PasswordReply {
  token: string;
}

/** Most tokens that an API key may spend in a period, which begins at 00:00 UTC: of a day, a Monday, the first of a month. */
export interface ApiKeyLimit {
  tokens: number;
  per: Period;
}

interface ApiKeyFields {
  id: string;
  name: string;
  limit: ApiKeyLimit | null;
  /** ISO 8601 with seconds, UTC. */
  expires_at: string | null;
  created_at: string;
}

/** `POST /api/keys/` → 201: the one reply that has the key. */
export interface ApiKeyReply extends ApiKeyFields {
  key: string;
}

/** `spent`: in the running period of its limit; without one in the running month. */
interface ListedApiKey extends ApiKeyFields {
  spent: number;
  last_used_at: string | null;
}

/** `GET /api/keys/` → 200, oldest first. */
export interface ApiKeysReply {
  keys: ListedApiKey[];
}

/** Who may register at a server: everybody, whoever has the code of an invitation, or nobody. */
export const registrations = ["open", "invite", "closed"] as const;
export type Registration = (typeof registrations)[number];

/** `GET /api/` → 200: what this server offers beyond the four endpoints. */
export interface AboutReply {
  name: string;
  version: string;
  price: number;
  starting_tokens: number;
  registration: Registration;
  /** Absent without refills. */
  refill?: RefillSetting;
  model: string;
  /** Of that model. */
  limits: ChatLimits;
  extensions: Extension[];
}

/**
 * Why the AI ended a whole answer (docs/http-api.md#finish-reasons). `length`: it is cut at the model's limit.
 * `content_filter`: a filter cut it.
 */
export const finishes = ["stop", "length", "content_filter", "tool_calls"] as const;

/** See {@link finishes}. */
export type Finish = (typeof finishes)[number];

/** `event: delta` of a streamed answer. `text` is never empty. */
export interface DeltaEvent {
  text: string;
}

/** `event: reasoning` of a streamed answer: what the AI thinks before it, which is no part of it. */
export interface ReasoningEvent {
  text: string;
}

/**
 * `event: done` of a streamed answer: the whole text, what this key cost, the balance now, the name of the model that
 * answered, why the AI ended (null if it did not say), and how many of the newest entries of `history` reached it.
 */
export interface DoneEvent {
  response: string;
  tokens_deducted: number;
  tokens_remaining: number;
  model: string;
  finish: Finish | null;
  turns_sent: number;
}

/** Header names that carry what the documented bodies have no place for (docs/http-api.md#chat). */
export const headers = {
  remaining: "Tokens-Remaining",
  held: "Tokens-Held",
  /** Name of the account, with its balance: an operator may have renamed it. */
  account: "Account",
  /** Tokens of the account's next refill. */
  next: "Tokens-Next",
  /** When it comes: ISO 8601, UTC, with seconds. */
  nextAt: "Tokens-Next-At",
  /** Name of the model that answered. */
  model: "Model",
  finish: "Finish-Reason",
  turnsSent: "Turns-Sent",
  key: "Idempotency-Key",
  replayed: "Idempotent-Replayed",
  requestId: "X-Request-Id",
} as const;
