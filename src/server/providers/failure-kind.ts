import type { APIError } from "openai/core/error";
import { record } from "../../text/loose-json.ts";
import type { AiFailure } from "../core/ai-calls.ts";
import { wordsOf } from "./said.ts";
import { isTooLong } from "./too-long.ts";

/** Codes and types of refusals for which the question is the reason. */
const OWN_FAULT = /^(content_filter|data_inspection_failed|invalid_prompt)$/;

/** Codes of refusals until somebody pays. Others use the words, but not the code, for a limit per minute. */
const UNPAID =
  /^(insufficient_quota|insufficient_user_quota|insufficient_balance(_error)?|billing_hard_limit_reached|billing_not_active|exceeded_current_quota_error)$/i;

/** How Anthropic and MiniMax say it, with a status and a type of other refusals. At the beginning, as of a key. */
const UNPAID_WORDS = /^(your credit balance is too low|insufficient (account )?(balance|credits?)\b)/i;

/** How Gemini and xAI refuse a key with status 400. At the beginning, since a refusal may repeat the question. */
const KEY = /^(api key (not valid|not found|expired)|(incorrect|invalid) api key)/i;

/** Whether the names that an upstream gives to its error include one of these. */
const isNamed = ({ code, type }: APIError, names: RegExp) =>
  [code, type].some((name) => names.test(name ?? ""));

/** Whether a status says that the question is refused, and not the server that passes it on. */
const ofQuestion = (status: number) => [400, 413, 422].includes(status);

/** Whether the question is the reason for a refusal. */
export const isOwnFault = (error: APIError): boolean =>
  isNamed(error, OWN_FAULT) || isTooLong(error) || isFlagged(error);

/** OpenRouter's moderation refuses with status 403. */
const isFlagged = ({ error }: APIError) => record(record(error)?.metadata)?.flagged_input !== undefined;

/** Whether an upstream refuses until its account is paid for. */
export const isUnpaid = (error: APIError, status?: number): boolean =>
  status === 402 || isNamed(error, UNPAID) || UNPAID_WORDS.test(wordsOf(error.error));

/** Why an upstream refused or failed, with this status. `refusesAll`: it has answered none of several questions. */
export function kindOf(error: APIError, status: number, refusesAll: boolean): AiFailure {
  if (isUnpaid(error, status)) return "key";
  if (isOwnFault(error)) return "refused";
  if (status === 401 || status === 403) return "key";
  if (ofQuestion(status)) {
    if (KEY.test(wordsOf(error.error))) return "key";
    return refusesAll ? "settings" : "refused";
  }
  if (status === 429) return "limit";
  // A redirect, or a path that nothing answers.
  return status < 400 || [404, 405, 410].includes(status) ? "model" : "server";
}
