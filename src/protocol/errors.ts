/**
 * Every error that the API can answer with (docs/http-api.md#error-codes): its status and the title of its problem
 * document. The one table; the server shapes replies from it and the client's exit codes are keyed by it.
 */
export const errors = {
  invalid_json: { status: 400, title: "Invalid JSON" },
  invalid_request: { status: 400, title: "Invalid request" },
  conflicting_tokens: { status: 400, title: "Conflicting tokens" },
  missing_token: { status: 401, title: "Authentication required" },
  invalid_token: { status: 401, title: "Invalid token" },
  expired_token: { status: 401, title: "Expired token" },
  invalid_credentials: { status: 401, title: "Invalid credentials" },
  insufficient_tokens: { status: 402, title: "Not enough tokens" },
  tokens_held: { status: 402, title: "Tokens are held" },
  key_limit_reached: { status: 402, title: "Limit of the API key reached" },
  key_not_allowed: { status: 403, title: "Not with an API key" },
  account_disabled: { status: 403, title: "Account disabled" },
  registration_closed: { status: 403, title: "Registration closed" },
  invalid_invite: { status: 403, title: "Invalid invitation" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  request_timeout: { status: 408, title: "Request Timeout" },
  username_taken: { status: 409, title: "Username taken" },
  key_name_taken: { status: 409, title: "Name of an API key taken" },
  request_in_progress: { status: 409, title: "Request in progress" },
  answer_expired: { status: 410, title: "Answer expired" },
  payload_too_large: { status: 413, title: "Payload too large" },
  unsupported_media_type: { status: 415, title: "Unsupported media type" },
  idempotency_key_reused: { status: 422, title: "Idempotency key reused" },
  rate_limited: { status: 429, title: "Too many requests" },
  internal_error: { status: 500, title: "Internal error" },
  upstream_error: { status: 502, title: "The AI failed" },
  upstream_unavailable: { status: 503, title: "The AI is unavailable" },
  overloaded: { status: 503, title: "Overloaded" },
  store_unavailable: { status: 503, title: "Storage unavailable" },
  shutting_down: { status: 503, title: "Shutting down" },
  upstream_timeout: { status: 504, title: "The AI took too long" },
} as const satisfies Record<string, { status: number; title: string }>;

/** The `code` of a problem document. */
export type ErrorCode = keyof typeof errors;

/** One complaint about one field of a request. `field` is a dotted path such as `history.3.content`. */
export interface FieldError {
  field: string;
  detail: string;
}

/** `application/problem+json` (RFC 9457) as this API writes it. `error` copies `detail` for clients that read that name. */
export interface Problem {
  type: "about:blank";
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  error: string;
  request_id: string;
  errors?: FieldError[];
  /** On 402: the balance, what questions in flight hold of it, and what this question costs. */
  tokens?: number;
  held?: number;
  required?: number;
  /** The question may have been charged although it failed. */
  in_doubt?: true;
}
