import { errors, type ErrorCode, type FieldError } from "../../protocol/errors.ts";
import type { AiFailure } from "./ai-calls.ts";
import type { LimitName } from "./limit-names.ts";
import type { Balance } from "./ports.ts";

/** `status` instead of the code's own; `code` and `param` as OpenAI names them. */
export interface OpenAiWords {
  status?: number;
  code: string | null;
  param: string | null;
}

interface Extras {
  /** Seconds; becomes the header `Retry-After`. */
  retryAfter?: number;
  /** The limit that was reached, for `rate_limited`: so many, in so many seconds or at once. */
  limit?: { name: LimitName; quota: number; window?: number };
  /** What is wrong with each field of the request. */
  fields?: FieldError[];
  /** Balance fields of a 402 problem document. */
  balance?: { tokens: number; held: number; required: number };
  /** The account's next refill, for the headers of a 402. */
  next?: Balance["next"];
  /** The question may have been charged. */
  inDoubt?: true;
  /** The AI refused the question itself: no other model need be asked. */
  refused?: true;
  /** Why a call of the AI failed; undefined for every other failure. */
  ai?: AiFailure;
  /** How OpenAI's form of an error says it (docs/openai.md#errors), where that is more than its code says. */
  openAi?: OpenAiWords;
  /** The failure behind it. For the log only; never sent. */
  cause?: unknown;
}

/**
 * An expected failure: a code of docs/http-api.md#error-codes, and a message for a person that says what is wrong and
 * what to do. Any other error is a bug, and is sent as `internal_error`.
 */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ErrorCode;
  readonly retryAfter: number | undefined;
  readonly limit: Extras["limit"];
  readonly fields: FieldError[] | undefined;
  readonly balance: Extras["balance"];
  readonly next: Extras["next"];
  readonly inDoubt: true | undefined;
  readonly refused: true | undefined;
  readonly ai: AiFailure | undefined;
  readonly openAi: OpenAiWords | undefined;

  constructor(code: ErrorCode, detail: string, extras: Extras = {}) {
    super(detail, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.code = code;
    this.retryAfter = extras.retryAfter;
    this.limit = extras.limit;
    this.fields = extras.fields;
    this.balance = extras.balance;
    this.next = extras.next;
    this.inDoubt = extras.inDoubt;
    this.refused = extras.refused;
    this.ai = extras.ai;
    this.openAi = extras.openAi;
  }

  /** HTTP status. */
  get status(): number {
    return errors[this.code].status;
  }
}
