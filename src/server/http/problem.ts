import { errors, type Problem } from "../../protocol/errors.ts";
import { ApiError } from "../core/api-error.ts";

/** The Content-Type of a problem document (RFC 9457). */
export const PROBLEM_TYPE = "application/problem+json";

/** The error that a client sees: an ApiError unchanged, `internal_error` for any other. */
export function publicErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(
    "internal_error",
    "The server failed. Try again; if it fails again, tell its operator the request_id.",
  );
}

/** The problem document of docs/http-api.md#errors. */
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
    ...(error.inDoubt && { in_doubt: true }),
  };
}
