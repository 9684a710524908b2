import { KEY_LIFETIME_MS } from "../../../protocol/limits.ts";
import type { Balance, HoldOutcome, HoldRequest } from "../../core/ports.ts";
import { noAccount } from "./accounts.ts";
import { unavailable, type Database } from "./database.ts";
import { overloaded } from "./lanes.ts";
import { SWEEP_ACCOUNT } from "./sweep.ts";

/** Checks the balance, reserves the price and takes the key, atomically. Returns a row if it did. */
export const HOLD = `
WITH account AS (
  UPDATE chat_accounts SET held = held + $5::bigint WHERE id = $2 AND tokens - held >= $5::bigint RETURNING id
)
INSERT INTO chat_questions (id, account, key, digest, price, expires)
SELECT $1, account.id, $3, $4, $5::bigint, now() + $6::float8 * interval '1 millisecond' FROM account
RETURNING id`;

/** Runs only when HOLD inserted nothing. Returns one row: the balance, how much of `held` is expired, the state of the key. */
export const HOLD_LOOK = `
SELECT a.tokens, a.held,
  (SELECT coalesce(sum(o.price), 0) FROM chat_questions o
    WHERE o.account = a.id AND o.charged_at IS NULL AND o.expires <= now()) AS stale,
  k.id AS key_id, k.digest = $3 AS same,
  k.charged_at IS NOT NULL AS charged,
  k.charged_at <= now() - interval '${KEY_LIFETIME_MS} milliseconds' AS forgotten,
  k.expires <= now() AS expired,
  k.again_id IS NOT NULL AND k.again_id <> $4 AND k.asked_again_at IS NULL AND k.again_expires > now() AS being_asked_again,
  k.asked_again_at IS NOT NULL AS asked_again,
  m.charged_at IS NULL AND m.expires > now() AS mine
FROM chat_accounts a
LEFT JOIN chat_questions k ON k.account = a.id AND k.key = $2
LEFT JOIN chat_questions m ON m.account = a.id AND m.id = $4
WHERE a.id = $1`;

/** Takes a charged key for its second answer. $1: the charged question, $2: this hold. */
export const ASK_AGAIN = `
UPDATE chat_questions SET again_id = $2, again_expires = now() + $3::float8 * interval '1 millisecond'
WHERE id = $1 AND charged_at > now() - interval '${KEY_LIFETIME_MS} milliseconds' AND asked_again_at IS NULL
  AND (again_id IS NULL OR again_id = $2 OR again_expires <= now())
RETURNING id`;

/** Deletes an expired key, unless its second answer is in progress. */
const FORGET = `
DELETE FROM chat_questions
WHERE id = $1 AND charged_at <= now() - interval '${KEY_LIFETIME_MS} milliseconds'
  AND (again_id IS NULL OR asked_again_at IS NOT NULL OR again_expires <= now())`;

interface HoldState {
  tokens: string;
  held: string;
  stale: string;
  key_id: string | null;
  same: boolean | null;
  charged: boolean;
  forgotten: boolean | null;
  expired: boolean | null;
  being_asked_again: boolean | null;
  asked_again: boolean;
  mine: boolean | null;
}

/** Rounds in which another request changed the row between HOLD_LOOK and the next statement. */
const TRIES = 20;

/** `Ledger.hold`. `now`: the clock of `request.expires`. The hold itself expires by the database's clock. */
export async function hold(
  { run }: Pick<Database, "run">,
  request: HoldRequest,
  now: () => number,
): Promise<HoldOutcome> {
  const { id, account, key, digest, price, expires } = request;
  if (!Number.isSafeInteger(price) || price < 0) throw new RangeError("A price is a whole number of tokens.");
  const life = () => Math.max(0, expires - now());
  let repeated = false;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const done = await run(HOLD, [id, account, key ?? null, digest, price, life()]);
    if (done.rows.length > 0) return { kind: "held" };
    repeated ||= done.repeated;
    const { rows } = await run<HoldState>(HOLD_LOOK, [account, key ?? null, digest, id]).catch(
      (error: unknown) => {
        // The hold may exist: only `store_unavailable` makes the caller release it.
        throw repeated ? unavailable(error) : error;
      },
    );
    const state = rows[0];
    if (!state) throw noAccount();
    if (state.mine && repeated) return { kind: "held" };
    if (state.mine) throw new Error("A hold's id was used twice.");
    const outcome = state.key_id === null ? byBalance(state, price) : byKey(state);
    if (outcome === "stale") await run(SWEEP_ACCOUNT, [account]);
    else if (outcome === "forgotten") await run(FORGET, [state.key_id]);
    else if (outcome?.kind === "paid") {
      const again = await run(ASK_AGAIN, [state.key_id, id, life()]);
      if (again.rows.length > 0) return outcome;
    } else if (outcome) return outcome;
  }
  throw overloaded();
}

/** What a stored key means for a new question (docs/http-api.md#idempotency), in that order. */
function byKey(state: HoldState): HoldOutcome | "stale" | "forgotten" {
  if (!state.charged && state.expired) return "stale";
  if (state.forgotten && !state.being_asked_again) return "forgotten";
  if (!state.same) return { kind: "key_reused" };
  if (!state.charged || state.being_asked_again) return { kind: "in_flight" };
  return { kind: state.asked_again ? "answer_expired" : "paid" };
}

/** Why the balance does not suffice; undefined if it does by now. */
function byBalance(state: HoldState, price: number): HoldOutcome | "stale" | undefined {
  const stale = Number(state.stale);
  const balance: Balance = { tokens: Number(state.tokens), held: Number(state.held) - stale };
  if (balance.tokens < price) return { kind: "insufficient", balance };
  if (balance.tokens - balance.held < price) return { kind: "all_held", balance };
  return stale > 0 ? "stale" : undefined;
}
