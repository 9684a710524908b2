// The package's index loads 8 times as much.
import { APIConnectionError, APIError } from "openai/core/error";
import { ApiError } from "../core/api-error.ts";

/** Codes and names of errors that come only after a connection was made. */
const LOST = /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_HEADERS_OVERFLOW|HPE_.*|HTTPParserError)$/;

/** Seconds. */
const RETRY_AFTER_MAX = 60;

/** The upstream replied, but its answer is not whole (docs/http-api.md#whole-answers). The message is for the log. */
export class NotWhole extends Error {
  override readonly name = "NotWhole";
}

/** A reply, or an event of one, is longer than we read. */
export class ReplyTooLong extends Error {
  override readonly name = "ReplyTooLong";
  constructor(what: string, limit: string) {
    super(`${what} is longer than ${limit}`);
  }
}

/** The upstream sent no head. */
export class NoReply extends APIConnectionError {
  /** The connection was made, and lost. */
  readonly lost: boolean;
  /** undici's or the system's code, else the error's name; for the log. */
  override readonly code: string;

  constructor(error: unknown) {
    super({});
    this.code = codeOf(error);
    const inHandshake = String((error as { message?: unknown }).message).includes(
      "before secure TLS connection",
    );
    this.lost = LOST.test(this.code) && !inHandshake;
  }
}

/**
 * The error of docs/http-api.md#error-codes for a failure of the upstream. Its message is for the person who asked.
 * Its `cause` is for the operator's log: status, identifiers and what to do, but never text from the upstream, which
 * may quote a chat or a key.
 */
export function upstreamFailure(error: unknown, now: () => number = Date.now): ApiError {
  if (error instanceof NoReply) return fromConnection(error);
  if (error instanceof APIError && error.status !== undefined) return fromStatus(error, error.status, now);
  if (error instanceof APIError) {
    return failed(`the upstream reported an error inside its answer${identifiers(error)}`);
  }
  if (error instanceof NotWhole || error instanceof ReplyTooLong) return failed(error.message);
  if (error instanceof SyntaxError) return failed("the upstream sent JSON that does not parse");
  return failed(`the answer was cut off or cannot be read (${codeOf(error)})`);
}

function fromConnection({ lost, code }: NoReply): ApiError {
  if (lost) return failed(`the upstream closed the connection without a reply (${code})`);
  return new ApiError("upstream_unavailable", "The AI cannot be reached. Try again in a moment.", {
    cause: new Error(`no connection to the upstream (${code})`),
  });
}

function fromStatus(error: APIError, status: number, now: () => number): ApiError {
  const cause = new Error(`the upstream answered ${status}${identifiers(error)}${advice(status)}`);
  if (status === 429) {
    const retryAfter = readRetryAfter(error.headers?.get("retry-after"), now);
    return new ApiError("upstream_unavailable", "The AI is busy. Try again in a moment.", {
      ...(retryAfter !== undefined && { retryAfter }),
      cause,
    });
  }
  const detail =
    status === 400 || status === 413 || status === 422
      ? "The AI did not accept this question. Try it in other words, or start a new conversation."
      : status < 500
        ? "The AI refused this server. Tell whoever runs it."
        : "The AI failed. Try again in a moment.";
  return new ApiError("upstream_error", detail, { cause });
}

const failed = (why: string) =>
  new ApiError("upstream_error", "The AI did not give a whole answer. Try again.", { cause: new Error(why) });

function advice(status: number): string {
  if (status === 401 || status === 403) return ": it refused the operator's API key";
  if (status === 404) return ": it does not know the model, or the base URL is wrong (most end in /v1)";
  if (status >= 300 && status < 400)
    return ": redirects are not followed; give the base URL that it leads to";
  return "";
}

/** Type, code and request id, unless they look like prose or a secret. */
function identifiers(error: APIError): string {
  const known = [error.type, error.code, error.requestID].filter(
    (value): value is string =>
      typeof value === "string" && /^[a-z][\w.-]{0,63}$/i.test(value) && !looksSecret(value),
  );
  return known.length === 0 ? "" : ` (${known.join(", ")})`;
}

const looksSecret = (text: string) => /^(sk|pk|key|bearer|gsk|xai)[-_]/i.test(text);

function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return [code, name].find((value) => typeof value === "string") ?? "unknown";
}

/** `Retry-After` (RFC 9110 §10.2.3: seconds or a date) as whole seconds, 1 to 60; undefined for anything else. */
function readRetryAfter(text: string | null | undefined, now: () => number): number | undefined {
  if (!text) return undefined;
  // Date.parse would accept "-5", so a date must begin with its weekday.
  const date = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : (date - now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.min(RETRY_AFTER_MAX, Math.max(1, Math.ceil(seconds)));
}
