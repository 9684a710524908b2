import type { HoldId } from "../../core/ports.ts";
import type { Database } from "./database.ts";
import { GIVEN_BACK } from "./key-limits.ts";

/**
 * Deletes a question that was not charged and frees its tokens. Locks the account's row first, see {@link migrations}.
 * `keyed`: it may be of an API key.
 */
const releaseSql = (keyed: boolean): string => `
WITH account AS (
  SELECT a.id FROM chat_accounts a JOIN chat_questions q ON q.account = a.id WHERE q.id = $1 FOR UPDATE OF a
), gone AS (
  DELETE FROM chat_questions q USING account WHERE q.id = $1 AND q.charged_at IS NULL
  RETURNING q.account, q.price${keyed ? ", q.api_key" : ""}
)${keyed ? GIVEN_BACK : ""}
UPDATE chat_accounts a SET held = a.held - g.price FROM gone g WHERE a.id = g.account
RETURNING a.id`;

export const RELEASE = releaseSql(false);
export const RELEASE_KEYED = releaseSql(true);

/** Frees a charged key whose second answer failed. */
const RELEASE_AGAIN = `
UPDATE chat_questions SET again_id = NULL, again_expires = NULL, again_api_key = NULL
WHERE again_id = $1 AND asked_again_at IS NULL`;

/** RELEASE_KEYED for many holds; returns the ids of the released ones. Skips accounts whose row is locked. */
export const RELEASE_MANY = `
WITH account AS (
  SELECT id FROM chat_accounts
  WHERE id IN (SELECT account FROM chat_questions WHERE id = ANY($1::text[]) AND charged_at IS NULL)
  ORDER BY id FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM chat_questions q USING account
  WHERE q.account = account.id AND q.id = ANY($1::text[]) AND q.charged_at IS NULL
  RETURNING q.id, q.account, q.price, q.api_key
)${GIVEN_BACK}, freed AS (
  UPDATE chat_accounts a SET held = a.held - g.price
  FROM (SELECT account, sum(price)::bigint AS price FROM gone GROUP BY account) g
  WHERE a.id = g.account
)
SELECT id FROM gone`;

export const RELEASE_MANY_AGAIN = `
WITH asked AS (
  SELECT id, again_id FROM chat_questions
  WHERE again_id = ANY($1::text[]) AND asked_again_at IS NULL
  ORDER BY id FOR UPDATE SKIP LOCKED
)
UPDATE chat_questions q SET again_id = NULL, again_expires = NULL, again_api_key = NULL FROM asked WHERE q.id = asked.id
RETURNING asked.again_id AS id`;

/** `Ledger.release`. */
export async function release({ run }: Pick<Database, "run">, id: HoldId, keyed: boolean): Promise<void> {
  const { rows } = await run(keyed ? RELEASE_KEYED : RELEASE, [id]);
  if (rows.length === 0) await run(RELEASE_AGAIN, [id]);
}

/** Releases the holds that exist; returns their ids. */
export async function releaseMany({ run }: Pick<Database, "run">, ids: HoldId[]): Promise<HoldId[]> {
  const gone = await run<{ id: HoldId }>(RELEASE_MANY, [ids]);
  const again = await run<{ id: HoldId }>(RELEASE_MANY_AGAIN, [ids]);
  return [...gone.rows, ...again.rows].map(({ id }) => id);
}
