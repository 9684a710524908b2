import type { ErrorCode } from "../../../protocol/errors.ts";
import type { ApiError } from "../../core/api-error.ts";

/** An error as OpenAI's API tells it (docs/openai.md#errors). */
export interface OpenAiError {
  error: { message: string; type: string; code: string | null; param: string | null };
}

/** What OpenAI calls an error of ours, where it has a name for it. */
const NAMES: Partial<Record<ErrorCode, { status?: number; type: string; code: string }>> = {
  missing_token: { type: "invalid_request_error", code: "invalid_api_key" },
  invalid_token: { type: "invalid_request_error", code: "invalid_api_key" },
  expired_token: { type: "invalid_request_error", code: "invalid_api_key" },
  insufficient_tokens: { type: "insufficient_quota", code: "insufficient_quota" },
  key_limit_reached: { type: "insufficient_quota", code: "insufficient_quota" },
  tokens_held: { status: 429, type: "rate_limit_error", code: "rate_limit_exceeded" },
  rate_limited: { type: "rate_limit_error", code: "rate_limit_exceeded" },
};

/** The openai package waits for any `Retry-After`, however long. In seconds. */
const LONGEST_WAIT = 60;

/** Failures of the AI that last until its operator does something. */
const LASTING: readonly unknown[] = ["key", "model", "settings"];

function typeOf(status: number): string {
  if (status >= 500) return "server_error";
  return status === 403 ? "permission_error" : "invalid_request_error";
}

/** The reply of OpenAI's API for an error. */
export function openAiErrorOf(error: ApiError): { status: number; body: OpenAiError; canRepeat: boolean } {
  const name = NAMES[error.code];
  const status = error.openAi?.status ?? name?.status ?? error.status;
  const body = openAiError(status, {
    message: messageOf(error),
    code: error.openAi === undefined ? (name?.code ?? error.code) : error.openAi.code,
    param: error.openAi?.param ?? error.fields?.[0]?.field ?? null,
    type: name?.type,
  });
  return { status, body, canRepeat: mayHelp(error, status) };
}

/** An error in this form. */
export const openAiError = (
  status: number,
  { message, code, param = null, type = typeOf(status) }: Partial<OpenAiError["error"]> & { message: string },
): OpenAiError => ({ error: { message, type, code: code ?? null, param } });

/** A program has no login. */
const NO_KEY = "An API key is needed: make one, then send it as Authorization: Bearer <API key>.";

/** The AI's own refusal names what it does not take; its words may be about the server, so they are not repeated. */
function messageOf({ code, message, openAi, fields }: ApiError): string {
  if (code === "missing_token") return NO_KEY;
  if (code !== "upstream_error" || openAi === undefined || fields !== undefined) return message;
  const named = [openAi.code, openAi.param].filter((name) => name !== null).join(", ");
  return `The AI did not accept this request${named === "" ? "" : ` (${named})`}. Nothing was charged.`;
}

/** Whether the same request can succeed later. */
function mayHelp({ ai, inDoubt, retryAfter = 0 }: ApiError, status: number): boolean {
  // Without a key, a repeat might be charged a second time.
  if (inDoubt || LASTING.includes(ai) || retryAfter > LONGEST_WAIT) return false;
  return status >= 500 || status === 408 || status === 409 || status === 429;
}
