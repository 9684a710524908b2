import { errors, type ErrorCode, type FieldError } from "../../protocol/errors.ts";
import { headers } from "../../protocol/replies.ts";
import { ClientError, type ClientErrorCode, type Remedy } from "../failure.ts";
import { nextTokens, type NextTokens } from "../next-tokens.ts";
import { parsed, record, told } from "../../text/loose-json.ts";
import { codeFor, isAboutToken, type CallKind } from "./reply-code.ts";
import { jsonWords, pageWords, type Words } from "./reply-words.ts";
import { oneLine } from "../../text/sanitize.ts";
import type { Reply } from "./transport.ts";

/** Bytes of an error reply that are read; a page of a debugging framework can be megabytes. */
export const ERROR_BYTES = 64 * 1024;

const ownCode = (value: unknown): ErrorCode | undefined =>
  typeof value === "string" && Object.hasOwn(errors, value) ? (value as ErrorCode) : undefined;

/** Seconds from `Retry-After`, which is a number or a date (RFC 9110 §10.2.3); rounded up, never negative. */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}

/** Whether a server refuses one field of a request. */
export const isAbout = (name: string, fields: readonly FieldError[] | undefined): boolean =>
  fields?.some(({ field }) => field === name) === true;

/** For a question that is refused because of one of its fields; a message is never empty. */
function remedyForField(fields: readonly FieldError[]): Remedy | undefined {
  if (isAbout("model", fields)) return { kind: "choose_model" };
  return isAbout("message", fields) ? { kind: "shorten" } : undefined;
}

const remedyFor = (code: ClientErrorCode, wait: number | undefined): Remedy | undefined => {
  if (wait !== undefined && wait > 0) return { kind: "wait_seconds", seconds: wait };
  return code === "bad_reply" ? { kind: "check_address" } : undefined;
};

const inHtml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** How a reply may spell a secret that it echoes. */
const spellings = (secret: string) => [
  secret,
  oneLine(secret),
  JSON.stringify(secret).slice(1, -1),
  inHtml(secret),
];

/** Replaces secrets that were sent, in any spelling. */
function hide(text: string, secrets: string[]): string {
  return secrets
    .flatMap(spellings)
    .filter((secret) => secret.length >= 4)
    .reduce((shown, secret) => shown.replaceAll(secret, "…"), text);
}

/**
 * The reply's JSON with secrets hidden in every text. Runs before texts are shortened: part of a secret would not be
 * found. `undefined` if it is nested too deeply.
 */
function jsonWithout(json: unknown, secrets: string[]): unknown {
  try {
    return JSON.parse(JSON.stringify(json), (_name, value: unknown) =>
      typeof value === "string" ? hide(value, secrets) : value,
    );
  } catch {
    return undefined;
  }
}

interface Problem {
  status: number;
  call: CallKind;
  /** Body as JSON; `undefined` where it isn't. */
  json: unknown;
  /** Body as it came. */
  text: string;
  wait?: number;
  next?: NextTokens | undefined;
  requestId?: string;
  /** Token and password of the call. */
  secrets: string[];
}

function sentenceOf(problem: Problem, words: Words | undefined): string {
  const sentence = words?.sentence;
  if (sentence !== undefined) return sentence;
  const page = problem.json === undefined ? pageWords(hide(problem.text, problem.secrets)) : undefined;
  return page === undefined
    ? `The server answered ${problem.status}.`
    : `The server answered ${problem.status}: ${page}`;
}

/**
 * A server's sentence about a password. If the password is a common word of that sentence, "…" in its place would give it
 * away, so the whole sentence is replaced.
 */
function withoutGap(shown: string, code: ClientErrorCode, call: CallKind): string {
  if (!shown.includes("…")) return shown;
  if (code === "rate_limited" && call !== "chat") return "There were too many tries.";
  if (code !== "invalid_credentials") return shown;
  return call === "password" ? "The present password is wrong." : "The username or the password is wrong.";
}

/** The sentence, and the details of fields that it does not contain. */
const withDetails = (sentence: string, fields: FieldError[]) =>
  [sentence, ...fields.map(({ detail }) => detail).filter((detail) => !sentence.includes(detail))].join(" ");

/** The failure that a server reported, in any of its dialects, as `ClientError`. */
export function problemError(problem: Problem): ClientError {
  const { status, call, json, wait, secrets } = problem;
  const body = record(json);
  const own = ownCode(body?.code);
  const words = json === undefined ? undefined : jsonWords(jsonWithout(json, secrets));
  const fields = (words?.fields ?? []).map(({ field, detail }) => ({ field, detail: hide(detail, secrets) }));
  const shown = withDetails(hide(sentenceOf(problem, words), secrets), fields);
  const refusal = { status, call, isJson: json !== undefined, sentence: shown, fields };
  const code = own ?? codeFor(refusal);
  return new ClientError(code, withoutGap(shown, code, call), {
    remedy:
      (call === "chat" ? remedyForField(fields) : undefined) ??
      remedyFor(code, wait) ??
      (code === "forbidden" && isAboutToken(refusal) ? { kind: "log_in" } : undefined),
    status,
    requestId: problem.requestId === undefined ? undefined : oneLine(hide(problem.requestId, secrets), 128),
    retryAfter: wait,
    fields: fields.length > 0 ? fields : undefined,
    balance: own && errors[own].status === 402 ? { ...balanceOf(body), next: problem.next } : undefined,
    charged: call === "chat" && mayBeCharged(status, own, body) ? "maybe" : "no",
  });
}

/**
 * A gateway that failed or timed out does not know whether the server charged. This API's own replies say so
 * (docs/http-api.md#charging).
 */
const mayBeCharged = (
  status: number,
  own: ErrorCode | undefined,
  body: Record<string, unknown> | undefined,
) => (own === undefined ? status >= 500 || status === 408 : body?.in_doubt === true);

const balanceOf = (body: Record<string, unknown> | undefined) => ({
  tokens: told(body?.tokens),
  held: told(body?.held),
  required: told(body?.required),
});

/** Reads a reply that reports a failure. Rejects with `ClientError` where the reply itself can't be read. */
export async function replyError(
  reply: Reply,
  call: CallKind,
  { secrets, now }: { secrets: string[]; now: number },
): Promise<ClientError> {
  const text = await reply.text(ERROR_BYTES);
  const requestId = reply.header(headers.requestId);
  return problemError({
    status: reply.status,
    call,
    json: parsed(text),
    text,
    wait: retryAfter(reply.header("retry-after"), now),
    next: nextTokens(reply),
    requestId,
    secrets,
  });
}
