import type { ErrorCode, FieldError } from "../protocol/errors.ts";

/** The server's codes, and what only this side can find (CLI.md §2). */
export type ClientErrorCode =
  | ErrorCode
  | "usage"
  | "input_required"
  | "not_logged_in"
  | "unreachable"
  | "timeout"
  | "not_offered"
  | "interrupted"
  | "bad_reply"
  | "internal";

interface Extras {
  /** The second line: what to do, with commands that can be typed as they stand. */
  hint?: string;
  /** HTTP status of the reply, where there was one. */
  status?: number;
  requestId?: string;
  /** Seconds, from `Retry-After`. */
  retryAfter?: number;
  fields?: FieldError[];
  /** From a 402: the balance, what is held, what the question costs. */
  balance?: { tokens: number | null; held: number | null; required: number | null };
  /** For a question: `maybe` where the server may have charged it before the reply was lost. */
  charged?: "no" | "maybe";
  cause?: unknown;
}

/**
 * Every failure that a person or a script is told about. `message` is one sentence without control sequences and
 * without secrets; it may quote what the server said.
 */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly code: ClientErrorCode;
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
    this.hint = extras.hint;
    this.status = extras.status;
    this.requestId = extras.requestId;
    this.retryAfter = extras.retryAfter;
    this.fields = extras.fields;
    this.balance = extras.balance;
    this.charged = extras.charged ?? "no";
  }
}
