import { ApiError } from "./api-error.ts";
import type { HoldOutcome, HoldRequest, Ledger, Limit } from "./ports.ts";

/** Counts a question of an account. `refusal` if it may ask nothing new now. */
async function count(limit: Limit, account: string) {
  try {
    return { giveBack: await limit.take(account) };
  } catch (error) {
    if (error instanceof ApiError) return { refusal: error };
    throw error;
  }
}

/**
 * Holds tokens for a question that counts for `limit` if it is a new one. Beyond the limit, the store only looks at the key, so
 * that a repeat is answered and a new key stays free; a new question rejects with `rate_limited`.
 */
export async function holdCounted(
  limit: Limit,
  holder: Pick<Ledger, "hold">,
  request: HoldRequest,
): Promise<Exclude<HoldOutcome, { kind: "limited" }>> {
  const { giveBack, refusal } = await count(limit, request.account);
  if (refusal) {
    if (request.key === undefined) throw refusal;
    const outcome = await holder.hold({ ...request, limited: true });
    if (outcome.kind === "limited") throw refusal;
    return outcome;
  }
  let isNew = false;
  try {
    const outcome = await holder.hold(request);
    if (outcome.kind === "limited") throw new Error("The store limited a question that is not limited.");
    isNew = outcome.kind === "held";
    return outcome;
  } finally {
    if (!isNew) await giveBack();
  }
}
