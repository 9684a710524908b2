import type { ErrorCode, FieldError } from "../protocol/errors.ts";
import { errorCode } from "../disk/errors.ts";
import type { NextTokens } from "./next-tokens.ts";

/** The server's codes, and what only this side can find (docs/cli.md#json-documents). */
export type ClientErrorCode =
  | ErrorCode
  | "usage"
  | "input_required"
  | "not_logged_in"
  | "forbidden"
  | "unreachable"
  | "timeout"
  | "not_offered"
  | "interrupted"
  | "bad_reply"
  | "internal";

/** Remedies that need nothing but their name. */
export type PlainRemedy =
  | "log_in"
  | "check_password"
  | "choose_other_name"
  | "give_invite"
  | "correct_input"
  | "shorten"
  | "give_text"
  | "get_tokens"
  | "wait"
  | "wait_for_other_questions"
  | "ask_anew"
  | "retry_later"
  | "retry_shorter"
  | "retry_or_report"
  | "longer_timeout"
  | "ask_without_key"
  | "log_in_with_password"
  | "ask_operator"
  | "check_address"
  | "check_scheme"
  | "check_connection"
  | "name_server"
  | "start_server"
  | "check_proxy"
  | "log_in_to_proxy"
  | "trust_certificate"
  | "use_certified_name"
  | "check_dates"
  | "list_conversations"
  | "choose_model"
  | "leave_model_out";

/**
 * What would help, as data: the shell (`src/cli/failures/remedies.ts`) and the session (`src/session/failure.ts`) each
 * have one table with the words and commands.
 */
export type Remedy =
  | { kind: PlainRemedy }
  /** Until then the server refuses. */
  | { kind: "wait_seconds"; seconds: number }
  | { kind: "use_server"; server: string }
  /** `more`: how many candidates are not listed. */
  | { kind: "name_conversation"; candidates: { id: string; title: string | undefined }[]; more: number }
  /** A sentence that names the file and says how to repair it; the same in every face. */
  | { kind: "fix_file"; trouble: string }
  /** What the server `local` needs before it can start, in its own words to its operator. */
  | { kind: "fix_local_server"; advice: string };

/** The remedy of one kind. */
export type RemedyOf<Kind> = Kind extends PlainRemedy ? { kind: Kind } : Extract<Remedy, { kind: Kind }>;

/** What helps where the place of the failure knows nothing better. */
const usual: Partial<Record<ClientErrorCode, PlainRemedy>> = {
  not_logged_in: "log_in",
  missing_token: "log_in",
  invalid_token: "log_in",
  expired_token: "log_in",
  invalid_credentials: "check_password",
  username_taken: "choose_other_name",
  invalid_request: "correct_input",
  payload_too_large: "shorten",
  insufficient_tokens: "get_tokens",
  tokens_held: "wait_for_other_questions",
  request_in_progress: "wait_for_other_questions",
  answer_expired: "ask_anew",
  key_limit_reached: "ask_without_key",
  key_not_allowed: "log_in_with_password",
  account_disabled: "ask_operator",
  registration_closed: "ask_operator",
  invalid_invite: "give_invite",
  forbidden: "ask_operator",
  not_offered: "ask_operator",
  rate_limited: "wait",
  overloaded: "wait",
  request_timeout: "wait",
  shutting_down: "wait",
  internal_error: "retry_or_report",
  store_unavailable: "retry_or_report",
  upstream_error: "retry_later",
  upstream_unavailable: "retry_later",
  upstream_timeout: "retry_shorter",
  not_found: "check_address",
  method_not_allowed: "check_address",
  timeout: "longer_timeout",
};

interface Extras {
  /** Replaces what usually helps for the code. */
  remedy?: Remedy;
  /** The second line of a failure that only a command of the shell can have. Set in src/cli alone, and shown there alone. */
  hint?: string;
  /** HTTP status of the reply, where there was one. */
  status?: number;
  requestId?: string;
  /** Seconds, from `Retry-After`. */
  retryAfter?: number;
  fields?: FieldError[];
  /** From a 402: the balance, what is held, what the question costs, and the next refill. */
  balance?: {
    tokens: number | null;
    held: number | null;
    required: number | null;
    next?: NextTokens | undefined;
  };
  /** For a question: `maybe` where the server may have charged it before the reply was lost. */
  charged?: "no" | "maybe";
  cause?: unknown;
}

/**
 * Every failure that a person or a script is told about. `message` is one sentence about what happened, without control
 * sequences, secrets, options and commands; it may quote what the server said.
 */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly code: ClientErrorCode;
  readonly remedy: Remedy | undefined;
  readonly hint: string | undefined;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;
  readonly fields: FieldError[] | undefined;
  readonly balance: Extras["balance"];
  readonly charged: "no" | "maybe";

  constructor(code: ClientErrorCode, message: string, extras: Extras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.code = code;
    const kind = usual[code];
    this.remedy = extras.remedy ?? (kind && { kind });
    this.hint = extras.hint;
    this.status = extras.status;
    this.requestId = extras.requestId;
    this.retryAfter = extras.retryAfter;
    this.fields = extras.fields;
    this.balance = extras.balance;
    this.charged = extras.charged ?? "no";
  }

  /**
   * Whether the question may be sent again without being asked: `same_key` only to a server that keeps idempotency keys.
   * A wrong name or certificate does not change within seconds; a refused connection may.
   */
  get retry(): "no" | "yes" | "same_key" {
    const { code, status } = this;
    if (code === "unreachable" && this.charged === "maybe") return "same_key";
    const isRefused = code === "unreachable" && errorCode(this.cause) === "ECONNREFUSED";
    const asksToWait = code === "tokens_held" || code === "request_in_progress" || status === 429;
    return isRefused || asksToWait || (status === 503 && this.retryAfter !== undefined) ? "yes" : "no";
  }
}
