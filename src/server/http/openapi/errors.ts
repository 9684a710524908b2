import { errors, type ErrorCode } from "../../../protocol/errors.ts";
import { ApiError } from "../../core/api-error.ts";
import { problemOf } from "../problem.ts";
import { openAiErrorOf } from "../v1/openai-error.ts";

/** When the API answers with a code (docs/http-api.md#error-codes), and the sentence of its example. */
interface Explanation {
  when: string;
  detail: string;
  /** What else the example has. */
  more?: ConstructorParameters<typeof ApiError>[2];
}

const balance = { tokens: 60, held: 0, required: 100 };

const explanations: Record<ErrorCode, Explanation> = {
  invalid_json: {
    when: "the body does not parse, is not strict UTF-8, or cannot be unpacked",
    detail: "The body is not valid JSON. Send one JSON object.",
  },
  invalid_request: {
    when: "a field, the key or the head of the request is missing or wrong",
    detail: "message must not be empty.",
    more: { fields: [{ field: "message", detail: "message must not be empty." }] },
  },
  conflicting_tokens: {
    when: "the header and the body carry different tokens",
    detail: "The Authorization header and the body carry different tokens. Send one of them.",
  },
  missing_token: {
    when: "no token",
    detail: "A token is needed: log in, then send it as Authorization: Bearer <token>.",
  },
  invalid_token: {
    when: "a token or an API key that is forged, malformed, revoked, or of an account that is gone",
    detail: "This token is no longer valid. Log in again.",
  },
  expired_token: {
    when: "a token that has expired",
    detail: "This authentication token has expired. Please log in again.",
  },
  invalid_credentials: {
    when: "a wrong name or password",
    detail: "The username or the password is wrong.",
  },
  insufficient_tokens: {
    when: "the balance is below the price",
    detail: "A question costs 100 tokens and 60 are left. Ask the operator of this server for more.",
    more: { balance },
  },
  tokens_held: {
    when: "the balance would do, but questions in flight hold it",
    detail: "Questions in flight hold the tokens that are left. Try again when they have ended.",
    more: { balance: { tokens: 100, held: 100, required: 100 }, retryAfter: 1 },
  },
  key_limit_reached: {
    when: "the API key has spent what it may in this period",
    detail:
      "The API key editor may spend 1000 tokens a day, and too few of them are left for this question. More can be spent from 2026-11-27T00:00:00Z on.",
    more: { balance: { tokens: 3000, held: 0, required: 100 } },
  },
  key_not_allowed: {
    when: "an API key cannot do this; log in",
    detail:
      "An API key can ask, list the models, and read the balance and the usage. For everything else log in.",
  },
  account_disabled: {
    when: "the operator disabled the account",
    detail: "This account is disabled. Ask the operator of this server.",
  },
  registration_closed: {
    when: "nobody may register",
    detail: "This server takes no new accounts.",
  },
  invalid_invite: {
    when: "the code of an invitation is missing, wrong, used up, expired or revoked",
    detail: "This invitation is not valid: its code is wrong, or it is used up, expired or revoked.",
  },
  not_found: {
    when: "there is no such thing",
    detail: "There is nothing at this path. GET /api/ describes this server.",
  },
  method_not_allowed: {
    when: "the path exists; `Allow` names its methods",
    detail: "This path takes GET, HEAD, OPTIONS.",
  },
  request_timeout: {
    when: "the request came too slowly, or was cut to make room; the connection is closed",
    detail: "The body of the request came too slowly. Send it again.",
  },
  username_taken: {
    when: "the name exists",
    detail: "This username is taken. Choose another one.",
  },
  key_name_taken: {
    when: "the account has an API key with this name",
    detail: "This account has an API key with this name. Choose another.",
  },
  request_in_progress: {
    when: "a question with this Idempotency-Key is in flight",
    detail: "A question with this Idempotency-Key is being answered. Try again in a moment.",
    more: { retryAfter: 1 },
  },
  answer_expired: {
    when: "this Idempotency-Key was charged, and its answer is gone",
    detail: "This question was answered, but its answer is no longer stored. Ask it again with a new key.",
  },
  payload_too_large: {
    when: "the body is larger than the limit",
    detail: "The body may have at most 16384 bytes, counted unpacked.",
  },
  unsupported_media_type: {
    when: "a body that is not JSON in UTF-8, has no Content-Type, or has an unknown Content-Encoding",
    detail: "The body must be JSON in UTF-8. Send it with Content-Type: application/json.",
  },
  idempotency_key_reused: {
    when: "this Idempotency-Key was used for another question",
    detail: "This Idempotency-Key was used for another question. Use a new key for each question.",
  },
  rate_limited: {
    when: "a limit is reached; `Retry-After` says when to try again",
    detail: "Too many questions. Try again later.",
    more: { retryAfter: 899, limit: { name: "questions", quota: 10, window: 900 } },
  },
  internal_error: {
    when: "a fault of the server; its log has the `request_id`",
    detail: "The server failed. Try again; if it fails again, tell its operator the request_id.",
  },
  upstream_error: {
    when: "the AI refused, failed or broke off, or its answer was not whole; nothing was charged",
    detail: "The AI did not give a whole answer. Try again.",
  },
  upstream_unavailable: {
    when: "the AI cannot be reached or is overloaded; nothing was charged",
    detail: "The AI cannot be reached. Try again in a moment.",
  },
  overloaded: {
    when: "a queue is full, too many questions are in flight, or there is no room for the body or the replay",
    detail: "The server has no room for this request now. Try again in a moment.",
    more: { retryAfter: 1 },
  },
  store_unavailable: {
    when: "the store cannot be used now",
    detail: "The server cannot store anything at the moment. Nothing was charged; try again soon.",
    more: { retryAfter: 1 },
  },
  shutting_down: {
    when: "the server is stopping",
    detail: "The server is stopping. Nothing was charged; ask again in a moment.",
    more: { retryAfter: 1 },
  },
  upstream_timeout: {
    when: "the AI was silent for too long, or the question was not finished in time; nothing was charged",
    detail: "The AI took too long. Nothing was charged; ask again, or ask for less.",
  },
};

/** Where a code has another reason at `/v1`. */
const openAiExplanations: Partial<Record<ErrorCode, Explanation>> = {
  invalid_request: {
    when: "the head of the request is wrong. If a parameter is wrong, `param` names it, and `code` is another one or null",
    detail: "The header Authorization came twice. Send it once.",
  },
  not_found: {
    when: "no model has this name",
    detail: "There is no model of this name. The models are: demo",
    more: { openAi: { code: "model_not_found", param: "model" } },
  },
};

/** The request ID of examples. */
export const REQUEST_ID = "demo-1";

const errorOf = (code: ErrorCode, { detail, more }: Explanation) => new ApiError(code, detail, more);

const listOf = (codes: readonly [code: string | null, when: string][]) =>
  codes.map(([code, when]) => `- \`${code}\`: ${when}.`).join("\n");

/** Codes, and when each comes, as a list in Markdown. */
export const listOfCodes = (codes: readonly ErrorCode[]): string =>
  listOf(codes.map((code) => [code, explanations[code].when]));

/** The same with the codes of OpenAI's form. */
export const listOfOpenAiCodes = (codes: readonly ErrorCode[]): string =>
  listOf(
    codes.map((code) => [
      openAiExample(code).body.error.code,
      (openAiExplanations[code] ?? explanations[code]).when,
    ]),
  );

/** The problem document of each code. */
export const problemExamples = Object.fromEntries(
  Object.keys(errors).map((code) => [
    code,
    problemOf(errorOf(code as ErrorCode, explanations[code as ErrorCode]), REQUEST_ID),
  ]),
) as Record<ErrorCode, object>;

/** The same in OpenAI's form. */
export const openAiExample = (code: ErrorCode) =>
  openAiErrorOf(errorOf(code, openAiExplanations[code] ?? explanations[code]));

/** The problem document of 431, which has the code of other errors. */
export const largeHeadExample = {
  ...problemExamples.invalid_request,
  title: "Request Header Fields Too Large",
  status: 431,
  detail: "The headers are too large. Send fewer or shorter ones.",
  error: "The headers are too large. Send fewer or shorter ones.",
  errors: undefined,
};
