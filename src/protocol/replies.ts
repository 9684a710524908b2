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

/** `POST /api/chat/` → 200 as JSON. The balance after it rides in the header `Tokens-Remaining`. */
export interface ChatReply {
  response: string;
  tokens_deducted: number;
}

/** `GET /api/models/` → 200: the models that a question can name, the default first. */
export interface ModelsReply {
  models: { name: string; /** Tokens a question. */ price: number; default: boolean }[];
}

/** `GET /api/token_balance/` → 200. What questions in flight hold rides in the header `Tokens-Held`. */
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
}

/** `POST /api/password/` → 200: the one token of the account that is valid from then on. */
export interface PasswordReply {
  token: string;
}

/** `GET /api/` → 200: what this server offers beyond the four endpoints. */
export interface AboutReply {
  name: string;
  version: string;
  price: number;
  starting_tokens: number;
  model: string;
  extensions: Extension[];
}

/** `event: delta` of a streamed answer. `text` is never empty. */
export interface DeltaEvent {
  text: string;
}

/** `event: reasoning` of a streamed answer: what the AI thinks before it, which is no part of it. */
export interface ReasoningEvent {
  text: string;
}

/**
 * `event: done` of a streamed answer: the whole text, what this key cost, the balance now, and the name of the model that
 * answered. A server of before models has no `model`.
 */
export interface DoneEvent {
  response: string;
  tokens_deducted: number;
  tokens_remaining: number;
  model?: string;
}

/** Header names that carry what the documented bodies have no place for (docs/http-api.md#chat). */
export const headers = {
  remaining: "Tokens-Remaining",
  held: "Tokens-Held",
  /** Name of the model that answered. */
  model: "Model",
  key: "Idempotency-Key",
  replayed: "Idempotent-Replayed",
  requestId: "X-Request-Id",
} as const;
