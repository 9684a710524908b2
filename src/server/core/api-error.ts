import { errors, type ErrorCode, type FieldError } from "../../protocol/errors.ts";

interface Extras {
  /** Seconds; becomes the header `Retry-After`. */
  retryAfter?: number;
  /** Every complaint about the request's fields. */
  fields?: FieldError[];
  /** Balance fields of a 402 problem document. */
  balance?: { tokens: number; held: number; required: number };
  /** What really happened, for the log only; never sent. */
  cause?: unknown;
}

/**
 * The one expected failure: a code of API.md §3 and a sentence for a person (what is wrong and what to do).
 * Anything else that is thrown is a bug and becomes `internal_error`.
 */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ErrorCode;
  readonly retryAfter: number | undefined;
  readonly fields: FieldError[] | undefined;
  readonly balance: Extras["balance"];

  constructor(code: ErrorCode, detail: string, extras: Extras = {}) {
    super(detail, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.code = code;
    this.retryAfter = extras.retryAfter;
    this.fields = extras.fields;
    this.balance = extras.balance;
  }

  /** HTTP status of the code. */
  get status(): number {
    return errors[this.code].status;
  }
}
