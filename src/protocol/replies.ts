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

/** `GET /api/token_balance/` → 200. What questions in flight hold rides in the header `Tokens-Held`. */
export interface BalanceReply {
  tokens: number;
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

/** `event: done` of a streamed answer: the whole text, what this key cost, and the balance now. */
export interface DoneEvent {
  response: string;
  tokens_deducted: number;
  tokens_remaining: number;
}

/** Header names that carry what the documented bodies have no place for (API.md §1, §2). */
export const headers = {
  remaining: "Tokens-Remaining",
  held: "Tokens-Held",
  key: "Idempotency-Key",
  replayed: "Idempotent-Replayed",
  requestId: "X-Request-Id",
} as const;
