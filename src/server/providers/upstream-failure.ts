// The package's index loads 8 times as much.
import { APIError } from "openai/core/error";
import type { AiFailure } from "../core/ai-calls.ts";
import { ApiError, type OpenAiWords } from "../core/api-error.ts";
import { isOwnFault, isUnpaid, kindOf } from "./failure-kind.ts";
import { statusOf, wordsOf } from "./said.ts";
import { isTooLong } from "./too-long.ts";
import {
  codeOf,
  IdleTooLong,
  LOST,
  NoReply,
  NotWhole,
  ReplyTooLong,
  type Failed,
} from "./upstream-errors.ts";

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

/** Whether this is a refusal of the question, for which the question need not be the reason. */
export const isRefusal = ({ cause }: Failed): boolean =>
  cause instanceof APIError &&
  cause.status !== undefined &&
  !isOwnFault(cause) &&
  kindOf(cause, cause.status, false) === "refused";

/** Whether the upstream refuses a plain question and names `stream`. */
export function wantsStream({ cause }: Failed): boolean {
  if (!(cause instanceof APIError) || (cause.status !== 400 && cause.status !== 422)) return false;
  return /\bstream/i.test(`${wordsOf(cause.error)} ${cause.param ?? ""}`);
}

/**
 * The error of docs/http-api.md#error-codes for a failure of the upstream. Its message is for the person who asked.
 * Its `cause` is for the operator's log: status, identifiers, what to do, and what may be quoted of the upstream's words;
 * `ai` is the failure's kind.
 */
export function upstreamFailure({ cause: error, hasText }: Failed, circumstances: Circumstances): ApiError {
  if (error instanceof NoReply) return fromConnection(error);
  if (error instanceof APIError) {
    if (error.status !== undefined) return fromStatus(error, error.status, "", circumstances);
    const status = hasText ? undefined : (statusOf(error.error) ?? (isUnpaid(error) ? 402 : undefined));
    if (status !== undefined)
      return fromStatus(error, status, " inside a reply with status 200", circumstances);
    return reported(error, hasText, circumstances);
  }
  if (error instanceof IdleTooLong) {
    return new ApiError(
      "upstream_timeout",
      "The AI sent nothing for too long. Nothing was charged; ask again.",
      { ai: "timeout", cause: error },
    );
  }
  if (error instanceof NotWhole) return notWhole(error.kind, error.message, error.detail);
  if (error instanceof ReplyTooLong) return notWhole("answer", error.message);
  if (error instanceof SyntaxError) return notWhole("answer", "the upstream sent JSON that does not parse");
  const code = codeOf(error);
  const ai = LOST.test(code) ? "connection" : "answer";
  return notWhole(ai, `the answer was cut off or cannot be read (${code})`);
}

const notWhole = (ai: AiFailure, why: string, detail = "The AI did not give a whole answer. Try again.") =>
  new ApiError("upstream_error", detail, { ai, cause: new Error(why) });

function fromConnection({ lost, code, proxy }: NoReply): ApiError {
  if (lost) return notWhole("connection", `the upstream closed the connection without a reply (${code})`);
  return new ApiError("upstream_unavailable", "The AI cannot be reached. Try again in a moment.", {
    ai: "connection",
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
  return notWhole("server", text, hasText ? undefined : "The AI failed. Try again in a moment.");
}

/** The field tells a client what to change. */
function longerThanContext(cause: Error, { openAi }: { openAi?: OpenAiWords } = {}): ApiError {
  const detail =
    "The conversation is longer than the AI can read. Ask for less, or start a new conversation.";
  return new ApiError("upstream_error", detail, {
    cause,
    ai: "refused",
    refused: true,
    fields: [{ field: "message", detail }],
    openAi: {
      status: 400,
      code: openAi?.code ?? "context_length_exceeded",
      param: openAi?.param ?? "messages",
    },
  });
}

/** How the refusal of a request is told in OpenAI's form: by what the upstream named, if that is a name. */
function openAiWords(
  { code, param }: APIError,
  status: number,
  quote: (words: string) => string,
): { openAi?: OpenAiWords } {
  if (![400, 404, 413, 422].includes(status)) return {};
  const isName = (value: unknown): value is string =>
    typeof value === "string" &&
    /^[a-z][\w.[\]-]{0,99}$/i.test(value) &&
    !looksSecret(value) &&
    quote(value) === value;
  return { openAi: { status: 400, code: isName(code) ? code : null, param: isName(param) ? param : null } };
}

function fromStatus(
  error: APIError,
  status: number,
  where: string,
  { quote, refusesAll }: Circumstances,
): ApiError {
  const ai = kindOf(error, status, refusesAll);
  const unpaid = isUnpaid(error, status);
  const advice = unpaid ? ": its account has no credit left; add some there" : adviceFor(ai, status);
  const cause = new Error(
    `the upstream answered ${status}${where}${identifiers(error, quote)}${advice}${said(error, quote)}`,
  );
  const retryAfter = readRetryAfter(error.headers?.get("retry-after"));
  const passing = (detail: string) =>
    new ApiError("upstream_unavailable", detail, {
      ai,
      ...(retryAfter !== undefined && { retryAfter }),
      cause,
    });
  // 529 is Anthropic's for an overload.
  if ((status === 429 || status === 529) && !unpaid) return passing("The AI is busy. Try again in a moment.");
  if (status === 503 && (retryAfter !== undefined || /\bloading\b/i.test(wordsOf(error.error)))) {
    return passing("The AI is not ready yet. Try again in a moment.");
  }
  if (isTooLong(error)) return longerThanContext(cause, openAiWords(error, status, quote));
  const refused = ai === "refused" || ai === "settings";
  return new ApiError("upstream_error", detailFor(ai), {
    ai,
    cause,
    ...(refused && { refused }),
    ...(ai !== "key" && openAiWords(error, status, quote)),
  });
}

function detailFor(ai: AiFailure): string {
  if (ai === "refused")
    return "The AI did not accept this question. Try it in other words, or start a new conversation.";
  if (ai === "settings") return "The AI accepts no questions at present. Tell whoever runs this server.";
  return ai === "server"
    ? "The AI failed. Try again in a moment."
    : "The AI refused this server. Tell whoever runs it.";
}

function adviceFor(ai: AiFailure, status: number): string {
  if (ai === "key") return ": it refused the operator's API key";
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
  // OpenAI itself sends one word as both type and code.
  const known = [...new Set<unknown>([error.type, error.code, error.requestID])].filter(
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
