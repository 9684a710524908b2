import { ApiError } from "./api-error.ts";

/** Seconds after which a store that failed may take a write again: the JSON store tries its file that often. */
const RETRY_AFTER = 1;

/**
 * The store cannot take a write now and may in a moment, so that a client repeats its question by itself (CLI.md §2):
 * under the same Idempotency-Key it is charged at most once.
 */
export const storeUnavailable = (detail: string, cause?: unknown): ApiError =>
  new ApiError("store_unavailable", detail, { retryAfter: RETRY_AFTER, cause });
