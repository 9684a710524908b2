// The package's index loads 8 times as much.
import { APIError } from "openai/core/error";
import { ApiError } from "../core/api-error.ts";
import { statusOf, wordsOf } from "./said.ts";
import { isTooLong } from "./too-long.ts";
import { codeOf, IdleTooLong, NoReply, NotWhole, ReplyTooLong, type Failed } from "./upstream-errors.ts";

/** Seconds. */
const RETRY_AFTER_MAX = 60;

interface Circumstances {
  /** What of the upstream's words may be logged. */
  quote: (words: string) => string;
  /** Whether the base URL ends in `/v1` or the like. */
  hasVersion: boolean;
  /** Whether the upstream refuses whatever it is asked. */
  refusesAll: boolean;
}

/** Codes and types of refusals for which the question is the reason. */
const OWN_FAULT = /^(content_filter|data_inspection_failed|invalid_prompt)$/;

/** Codes of refusals until somebody pays. Others use the words, but not the code, for a limit per minute. */
const UNPAID =
  /^(insufficient_quota|insufficient_user_quota|billing_hard_limit_reached|billing_not_active|exceeded_current_quota_error)$/;

/** Whether a status says that the question is refused, and not the server that passes it on. */
const ofQuestion = (status: number | undefined) => [400, 413, 422].includes(status ?? 0);

/** Whether this is a refusal of the question, for which the question need not be the reason. */
export function isRefusal({ cause }: Failed): boolean {
  return cause instanceof APIError && ofQuestion(cause.status) && !isOwnFault(cause);
}

function isOwnFault(error: APIError): boolean {
  return OWN_FAULT.test(error.code ?? "") || OWN_FAULT.test(error.type ?? "") || isTooLong(error);
}

/** Whether the upstream refuses a plain question and names `stream`. */
export function wantsStream({ cause }: Failed): boolean {
  if (!(cause instanceof APIError) || (cause.status !== 400 && cause.status !== 422)) return false;
  return /\bstream/i.test(`${wordsOf(cause.error)} ${cause.param ?? ""}`);
}

/**
 * The error of docs/http-api.md#error-codes for a failure of the upstream. Its message is for the person who asked.
 * Its `cause` is for the operator's log: status, identifiers, what to do, and what may be quoted of the upstream's words.
 */
export function upstreamFailure({ cause: error, hasText }: Failed, circumstances: Circumstances): ApiError {
  if (error instanceof NoReply) return fromConnection(error);
  if (error instanceof APIError) {
    if (error.status !== undefined) return fromStatus(error, error.status, "", circumstances);
    const status = hasText ? undefined : statusOf(error.error);
    if (status !== undefined)
      return fromStatus(error, status, " inside a reply with status 200", circumstances);
    return reported(error, hasText, circumstances);
  }
  if (error instanceof IdleTooLong) {
    return new ApiError(
      "upstream_timeout",
      "The AI sent nothing for too long. Nothing was charged; ask again.",
      {
        cause: error,
      },
    );
  }
  if (error instanceof NotWhole) return notWhole(error.message, error.detail);
  if (error instanceof ReplyTooLong) return notWhole(error.message);
  if (error instanceof SyntaxError) return notWhole("the upstream sent JSON that does not parse");
  return notWhole(`the answer was cut off or cannot be read (${codeOf(error)})`);
}

const notWhole = (why: string, detail = "The AI did not give a whole answer. Try again.") =>
  new ApiError("upstream_error", detail, { cause: new Error(why) });

function fromConnection({ lost, code, proxy }: NoReply): ApiError {
  if (lost) return notWhole(`the upstream closed the connection without a reply (${code})`);
  return new ApiError("upstream_unavailable", "The AI cannot be reached. Try again in a moment.", {
    cause: new Error(
      proxy === undefined
        ? `no connection to the upstream (${code})`
        : `the proxy on the way to the upstream ${proxy}`,
    ),
  });
}

/** An error inside an answer, whose kind nobody knows. */
function reported(error: APIError, hasText: boolean, { quote, hasVersion }: Circumstances): ApiError {
  const isLong = isTooLong(error);
  const advice = hasText || hasVersion || isLong ? "" : ": the base URL may be wrong (most end in /v1)";
  const why = `the upstream reported an error inside its answer${identifiers(error, quote)}${advice}`;
  const text = why + said(error, quote);
  if (isLong) return longerThanContext(new Error(text));
  return notWhole(text, hasText ? undefined : "The AI failed. Try again in a moment.");
}

/** The field tells a client what to change. */
function longerThanContext(cause: Error): ApiError {
  const detail =
    "The conversation is longer than the AI can read. Ask for less, or start a new conversation.";
  return new ApiError("upstream_error", detail, {
    cause,
    refused: true,
    fields: [{ field: "message", detail }],
  });
}

function fromStatus(
  error: APIError,
  status: number,
  where: string,
  { quote, refusesAll }: Circumstances,
): ApiError {
  const unpaid = status === 402 || [error.code, error.type].some((name) => UNPAID.test(name ?? ""));
  const advice = unpaid ? ": its account has no credit left; add some there" : adviceFor(status);
  const cause = new Error(
    `the upstream answered ${status}${where}${identifiers(error, quote)}${advice}${said(error, quote)}`,
  );
  const retryAfter = readRetryAfter(error.headers?.get("retry-after"));
  const passing = (detail: string) =>
    new ApiError("upstream_unavailable", detail, { ...(retryAfter !== undefined && { retryAfter }), cause });
  // 529 is Anthropic's for an overload.
  if ((status === 429 || status === 529) && !unpaid) return passing("The AI is busy. Try again in a moment.");
  if (status === 503 && (retryAfter !== undefined || /\bloading\b/i.test(wordsOf(error.error)))) {
    return passing("The AI is not ready yet. Try again in a moment.");
  }
  if (isTooLong(error)) return longerThanContext(cause);
  const isOwn = isOwnFault(error);
  const detail = detailFor(status, refusesAll && !isOwn);
  const refused = isOwn || ofQuestion(status);
  return new ApiError("upstream_error", detail, { cause, ...(refused && { refused }) });
}

function detailFor(status: number, refusesAll: boolean): string {
  const refused = ofQuestion(status);
  if (refused && !refusesAll) {
    return "The AI did not accept this question. Try it in other words, or start a new conversation.";
  }
  if (refused) return "The AI accepts no questions at present. Tell whoever runs this server.";
  return status < 500
    ? "The AI refused this server. Tell whoever runs it."
    : "The AI failed. Try again in a moment.";
}

function adviceFor(status: number): string {
  if (status === 401 || status === 403) return ": it refused the operator's API key";
  if (status === 404) return ": it does not know the model, or the base URL is wrong (most end in /v1)";
  if (status >= 300 && status < 400)
    return ": redirects are not followed; give the base URL that it leads to";
  return "";
}

function said({ error }: APIError, quote: (words: string) => string): string {
  const words = quote(wordsOf(error));
  return words === "" ? "" : `; it says: ${words}`;
}

/** Type, code and request id, unless they look like prose or a secret. */
function identifiers(error: APIError, quote: (words: string) => string): string {
  const known = [error.type, error.code, error.requestID].filter(
    (value): value is string =>
      typeof value === "string" &&
      /^[a-z][\w.-]{0,63}$/i.test(value) &&
      !looksSecret(value) &&
      quote(value) === value,
  );
  return known.length === 0 ? "" : ` (${known.join(", ")})`;
}

const looksSecret = (text: string) => /^(sk|pk|key|bearer|gsk|xai)[-_]/i.test(text);

/** `Retry-After` (RFC 9110 §10.2.3: seconds or a date) as whole seconds, 1 to 60; undefined for anything else. */
function readRetryAfter(text: string | null | undefined): number | undefined {
  if (!text) return undefined;
  // Date.parse would accept "-5", so a date must begin with its weekday.
  const date = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : (date - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.min(RETRY_AFTER_MAX, Math.max(1, Math.ceil(seconds)));
}
