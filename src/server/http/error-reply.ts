import type { ApiError } from "../core/api-error.ts";
import { PROBLEM_TYPE, problemOf } from "./problem.ts";
import { openAiErrorOf } from "./v1/openai-error.ts";

/** Whether a path belongs to OpenAI's API (docs/openai.md), whose errors have their own form. */
export const isOpenAiPath = (path: string): boolean => /^\/v1(?=[/?]|$)/.test(path);

/** The reply for an error. */
export interface ErrorReply {
  status: number;
  /** Media type of the body. */
  type: string;
  body: object;
  /** More headers, names and values in turn. */
  head: string[];
}

/** What a client of this path gets for an error. */
export function errorReplyOf(path: string, error: ApiError, requestId: string): ErrorReply {
  if (!isOpenAiPath(path)) {
    return { status: error.status, type: PROBLEM_TYPE, body: problemOf(error, requestId), head: [] };
  }
  const { status, body, canRepeat } = openAiErrorOf(error);
  return { status, type: "application/json", body, head: canRepeat ? [] : ["x-should-retry", "false"] };
}
