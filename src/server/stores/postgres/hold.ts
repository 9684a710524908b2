import { KEY_LIFETIME_MS } from "../../../protocol/limits.ts";
import type { Balance, HoldOutcome, HoldRequest } from "../../core/ports.ts";
import { noAccount } from "./accounts.ts";
import { unavailable, type Database } from "./database.ts";
import { overloaded } from "./lanes.ts";
import { SWEEP_ACCOUNT } from "./sweep.ts";

/** The usual way, in one statement: the balance is checked and reserved, and the key taken, or neither. */
export const HOLD = `
WITH account AS (
  UPDATE chat_accounts SET held = held + $5::bigint WHERE id = $2 AND tokens - held >= $5::bigint RETURNING id
)
INSERT INTO chat_questions (id, account, key, digest, price, expires)
SELECT $1, account.id, $3, $4, $5::bigint, now() + $6::float8 * interval '1 millisecond' FROM account
RETURNING id`;

/** Why it wasn't: the balance, what holds that nobody settled hold of it, whose the key is, and whether ours went in. */
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

/** Occupies a key that was charged, for its second answer. $1: the question that was charged, $2: this hold. */
export const ASK_AGAIN = `
UPDATE chat_questions SET again_id = $2, again_expires = now() + $3::float8 * interval '1 millisecond'
WHERE id = $1 AND charged_at > now() - interval '${KEY_LIFETIME_MS} milliseconds' AND asked_again_at IS NULL
  AND (again_id IS NULL OR again_id = $2 OR again_expires <= now())
RETURNING id`;

/** A key past its day, unless it is being asked again. */
const FORGET = `
DELETE FROM chat_questions
WHERE id = $1 AND charged_at <= now() - interval '${KEY_LIFETIME_MS} milliseconds'
  AND (again_id IS NULL OR asked_again_at IS NOT NULL OR again_expires <= now())`;

interface Look {
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

/** Looks that found what was gone when it came to act. Each means that somebody else got on. */
const TRIES = 20;

/** The port's `hold`. `now`: the clock by which `request.expires` was told; the database's clock ends the hold. */
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
    const { rows } = await run<Look>(HOLD_LOOK, [account, key ?? null, digest, id]).catch(
      (error: unknown) => {
        // Its caller must know that it may have been made.
        throw repeated ? unavailable(error) : error;
      },
    );
    const look = rows[0];
    if (!look) throw noAccount();
    if (look.mine && repeated) return { kind: "held" };
    if (look.mine) throw new Error("A hold's id was used twice.");
    const outcome = look.key_id === null ? refused(look, price) : known(look);
    if (outcome === "stale") await run(SWEEP_ACCOUNT, [account]);
    else if (outcome === "forgotten") await run(FORGET, [look.key_id]);
    else if (outcome?.kind === "paid") {
      const again = await run(ASK_AGAIN, [look.key_id, id, life()]);
      if (again.rows.length > 0) return outcome;
    } else if (outcome) return outcome;
  }
  throw overloaded();
}

/** What a key that is known means for a new question (API.md §2), in that order. */
function known(look: Look): HoldOutcome | "stale" | "forgotten" {
  if (!look.charged && look.expired) return "stale";
  if (look.forgotten && !look.being_asked_again) return "forgotten";
  if (!look.same) return { kind: "key_reused" };
  if (!look.charged || look.being_asked_again) return { kind: "in_flight" };
  return { kind: look.asked_again ? "answer_expired" : "paid" };
}

/** Why the balance doesn't do; undefined where it would do by now. */
function refused(look: Look, price: number): HoldOutcome | "stale" | undefined {
  const stale = Number(look.stale);
  const balance: Balance = { tokens: Number(look.tokens), held: Number(look.held) - stale };
  if (balance.tokens < price) return { kind: "insufficient", balance };
  if (balance.tokens - balance.held < price) return { kind: "all_held", balance };
  return stale > 0 ? "stale" : undefined;
}
