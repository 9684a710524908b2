import { ApiError } from "./api-error.ts";
import { isoSecond } from "./iso-second.ts";
import type { HoldOutcome } from "./ports.ts";

/** The error for a hold that was refused (docs/http-api.md#idempotency). `price`: tokens a question. */
export function refusal(
  outcome: Exclude<HoldOutcome, { kind: "held" | "paid" | "limited" }>,
  price: number,
): ApiError {
  switch (outcome.kind) {
    case "in_flight":
      return new ApiError(
        "request_in_progress",
        "A question with this Idempotency-Key is being answered. Try again in a moment.",
        { retryAfter: 1 },
      );
    case "key_reused":
      return new ApiError(
        "idempotency_key_reused",
        "This Idempotency-Key was used for another question. Use a new key for each question.",
      );
    case "answer_expired":
      return new ApiError(
        "answer_expired",
        "This question was answered, but its answer is no longer stored. Ask it again with a new key.",
      );
    case "insufficient": {
      const { tokens, held, next } = outcome.balance;
      const more = next
        ? `${next.tokens} more come at ${isoSecond(next.at)}.`
        : "Ask the operator of this server for more.";
      return new ApiError(
        "insufficient_tokens",
        `A question costs ${price} tokens and ${tokens} are left. ${more}`,
        { balance: { tokens, held, required: price }, next },
      );
    }
    case "key_ended":
      return new ApiError("invalid_token", "This API key has ended. Nothing was charged.");
    case "key_limit": {
      const { tokens, held } = outcome.balance;
      const { name, limit, ends } = outcome;
      return new ApiError(
        "key_limit_reached",
        `The API key ${name} may spend ${limit.tokens} tokens a ${limit.per}, and too few of them are left for this question. More can be spent from ${isoSecond(ends)} on.`,
        { balance: { tokens, held, required: price } },
      );
    }
    case "all_held": {
      const { tokens, held, next } = outcome.balance;
      return new ApiError(
        "tokens_held",
        "Questions in flight hold the tokens that are left. Try again when they have ended.",
        { balance: { tokens, held, required: price }, next, retryAfter: 1 },
      );
    }
  }
}
