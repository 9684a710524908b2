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

/** `limited` comes to a limited request alone. */
type Counted = Exclude<HoldOutcome, { kind: "limited" }>;

/**
 * Holds tokens for a question that counts for `limit` if it is a new one. Beyond the limit, the store only looks at the key,
 * so that a repeat is answered and a new key stays free; a new question rejects with `rate_limited`. Without a limit it
 * costs nothing.
 */
export function holdCounted(
  limit: Limit | undefined,
  holder: Pick<Ledger, "hold">,
  request: HoldRequest,
): Promise<Counted> {
  return limit === undefined
    ? (holder.hold(request) as Promise<Counted>)
    : holdWithin(limit, holder, request);
}

async function holdWithin(
  limit: Limit,
  holder: Pick<Ledger, "hold">,
  request: HoldRequest,
): Promise<Counted> {
  const { giveBack, refusal } = await count(limit, request.account);
  if (refusal) {
    if (request.key === undefined) throw refusal;
    const outcome = await holder.hold({ ...request, limited: true });
    if (outcome.kind === "limited") throw refusal;
    return outcome;
  }
  let isNew = false;
  try {
    const outcome = (await holder.hold(request)) as Counted;
    isNew = outcome.kind === "held";
    return outcome;
  } finally {
    if (!isNew) await giveBack();
  }
}
