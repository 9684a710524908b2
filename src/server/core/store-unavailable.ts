import { ApiError } from "./api-error.ts";

/** Seconds after which a client may try again. The JSON store tries to repair its file that often. */
const RETRY_AFTER = 1;

/**
 * The store cannot take a write now and may in a moment. A client then repeats its question by itself
 * (docs/cli.md#retries): under the same Idempotency-Key it is charged at most once.
 */
export const storeUnavailable = (detail: string, cause?: unknown): ApiError =>
  new ApiError("store_unavailable", detail, { retryAfter: RETRY_AFTER, cause });

/** {@link storeUnavailable}, for a charge that may have been written. A repeat with the same key shows what happened. */
export const chargeInDoubt = (cause?: unknown): ApiError =>
  new ApiError(
    "store_unavailable",
    "The server lost its storage while this question was being charged. Ask it again under the same Idempotency-Key, which is charged once, or look at the balance first.",
    { retryAfter: RETRY_AFTER, cause, inDoubt: true },
  );

/** {@link storeUnavailable}, for a write that failed because of `cause`. */
export const cannotStore = (cause?: unknown): ApiError =>
  storeUnavailable(
    "The server cannot store anything at the moment. Nothing was charged; try again soon.",
    cause,
  );
