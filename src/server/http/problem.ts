import { errors, type Problem } from "../../protocol/errors.ts";
import { ApiError } from "../core/api-error.ts";

/** The Content-Type of a problem document (RFC 9457). */
export const PROBLEM_TYPE = "application/problem+json";

/** What the outside hears of a failure: an ApiError as it stands, of anything else only that it happened. */
export function toldAs(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(
    "internal_error",
    "The server made a mistake. Try again; if it stays, tell its operator the request_id.",
  );
}

/** The problem document of API.md §3. */
export function problemOf(error: ApiError, requestId: string): Problem {
  return {
    type: "about:blank",
    title: errors[error.code].title,
    status: error.status,
    detail: error.message,
    code: error.code,
    error: error.message,
    request_id: requestId,
    ...(error.fields && { errors: error.fields }),
    ...error.balance,
  };
}
