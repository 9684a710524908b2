import type { Period } from "../../../protocol/refill.ts";
import type { ApiKeyLimit } from "../../../protocol/replies.ts";
import type { HoldRequest } from "../../core/ports.ts";
import { periodAt } from "../../core/refill.ts";
import type { Database } from "./database.ts";
import { SPENT, VALID } from "./key-limits.ts";

/**
 * HOLD for questions of API keys. $7: the ids of the keys, $8: whether the accounts were checked before. Locks the accounts'
 * rows first, see {@link migrations}.
 */
export const holdKeyedSql = (only = "true"): string => `
WITH asked AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::float8[], $7::text[], $8::boolean[], $9::text[])
    WITH ORDINALITY AS i (id, account, key, digest, price, life, api_key, checked, model, place)
), account AS (
  SELECT a.id, a.name, a.tokens - a.held AS free, a.disabled, ${only} AS fits FROM chat_accounts a
  WHERE a.id = ANY($2::text[]) ORDER BY a.id FOR UPDATE
), api_key AS (
  SELECT k.id, k.account, k.most - k.held - ${SPENT} AS free FROM chat_api_keys k
  WHERE k.id = ANY($7::text[]) AND k.account IN (SELECT id FROM account) AND ${VALID} ORDER BY k.id FOR UPDATE
), allowed AS (
  SELECT i.*, a.free, k.free AS key_free, sum(i.price) OVER (PARTITION BY i.account ORDER BY i.place) AS needed,
    sum(i.price) OVER (PARTITION BY i.api_key ORDER BY i.place) AS key_needed
  FROM asked i JOIN account a ON a.id = i.account JOIN api_key k ON k.id = i.api_key AND k.account = i.account
  WHERE a.fits AND (i.checked OR NOT a.disabled)
), question AS (
  INSERT INTO chat_questions (id, account, key, digest, price, model, api_key, expires)
  SELECT id, account, key, digest, price, model, api_key, now() + life * interval '1 millisecond' FROM allowed
  WHERE needed <= free AND (key_free IS NULL OR key_needed <= key_free)
  ORDER BY place
  ON CONFLICT DO NOTHING
  RETURNING id, account, price, api_key
), reserved AS (
  UPDATE chat_accounts a SET held = a.held + q.price
  FROM (SELECT account, sum(price)::bigint AS price FROM question GROUP BY account) q
  WHERE a.id = q.account
), kept AS (
  UPDATE chat_api_keys k SET held = k.held + q.price
  FROM (SELECT api_key, sum(price)::bigint AS price FROM question GROUP BY api_key) q
  WHERE k.id = q.api_key
)
SELECT i.id, a.name, a.id IS NULL AS locked
FROM asked i LEFT JOIN account a ON a.id = i.account LEFT JOIN question q ON q.id = i.id
WHERE q.id IS NOT NULL OR a.id IS NULL`;

export const HOLD_KEYED = holdKeyedSql();

/**
 * Runs only when a hold of the API key $1, of the account $2, did not hold. `open`: tokens of all its open questions; `stale`:
 * of those that have expired.
 */
export const KEY_LOOK = `
SELECT k.name, ${VALID} AS valid, k.most, k.per, k.held, ${SPENT} AS spent, k.recounts,
  floor(extract(epoch FROM now()) * 1000)::float8 AS now, o.open, o.stale
FROM chat_api_keys k CROSS JOIN LATERAL (
  SELECT coalesce(sum(q.price), 0) AS open, coalesce(sum(q.price) FILTER (WHERE q.expires <= now()), 0) AS stale
  FROM chat_questions q WHERE q.account = k.account AND q.charged_at IS NULL AND q.api_key = k.id
) o
WHERE k.id = $1 AND k.account = $2`;

/**
 * Takes from `held` of the API key $1 what no open question holds: a server of the version before, which knows no API keys,
 * deleted expired ones. Both were read in one statement, and only this one makes up for such a difference, so that it is the
 * same by now if `recounts` is still $2.
 */
export const RECOUNT = `
UPDATE chat_api_keys SET held = held - $3::bigint, recounts = recounts + 1 WHERE id = $1 AND recounts = $2`;

interface KeyState {
  name: string;
  valid: boolean;
  most: string | null;
  per: Period;
  held: string;
  spent: string;
  recounts: number;
  now: number;
  open: string;
  stale: string;
}

/** The limit of an API key that leaves too little; `ends`: of its running period, in milliseconds since the epoch. */
export interface KeyRefusal {
  name: string;
  limit: ApiKeyLimit;
  ends: number;
}

/** Why the API key of a question may not ask it; `stale`: only expired holds are in the way; undefined: it may. */
export async function byApiKey(
  { run }: Pick<Database, "run">,
  { apiKey, account, price }: HoldRequest,
): Promise<KeyRefusal | "ended" | "stale" | undefined> {
  const state = (await run<KeyState>(KEY_LOOK, [apiKey, account])).rows[0];
  if (!state?.valid) return "ended";
  const { name, per, recounts, now } = state;
  if (state.most === null) return undefined;
  const [tokens, held, open, stale] = [state.most, state.held, state.open, state.stale].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const room = tokens - Number(state.spent) - price;
  if (open - stale > room) return { name, limit: { tokens, per }, ends: periodAt(per, now).end };
  if (held > open) await run(RECOUNT, [apiKey, recounts, held - open]);
  return held > room && stale > 0 ? "stale" : undefined;
}
