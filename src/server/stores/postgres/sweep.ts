import { KEY_LIFETIME_MS, USAGE_DAYS } from "../../../protocol/limits.ts";
import type { Database } from "./database.ts";
import { PRUNE_LIMITS } from "./counter.ts";
import { PRUNE_KNOWN } from "./known.ts";
import { GIVEN_BACK } from "./key-limits.ts";
import { TODAY } from "./migrations.ts";

/** Deletes the expired holds of one account. */
export const SWEEP_ACCOUNT = `
WITH account AS (
  SELECT id FROM chat_accounts WHERE id = $1 FOR UPDATE
), gone AS (
  DELETE FROM chat_questions q USING account
  WHERE q.account = account.id AND q.charged_at IS NULL AND q.expires <= now()
  RETURNING q.price, q.api_key
)${GIVEN_BACK}
UPDATE chat_accounts a SET held = a.held - g.price
FROM (SELECT coalesce(sum(price), 0)::bigint AS price FROM gone) g
WHERE a.id = $1 AND g.price > 0`;

/** SWEEP_ACCOUNT for many accounts. Skips those whose row is locked. */
export const SWEEP = `
WITH due AS (
  SELECT DISTINCT account FROM chat_questions WHERE charged_at IS NULL AND expires <= now() LIMIT 200
), account AS (
  SELECT id FROM chat_accounts WHERE id IN (SELECT account FROM due) ORDER BY id FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM chat_questions q USING account
  WHERE q.account = account.id AND q.charged_at IS NULL AND q.expires <= now()
  RETURNING q.account, q.price, q.api_key
)${GIVEN_BACK}
UPDATE chat_accounts a SET held = a.held - g.price
FROM (SELECT account, sum(price)::bigint AS price FROM gone GROUP BY account) g
WHERE a.id = g.account
RETURNING a.id`;

/** Deletes expired keys, up to 1,000 at a time. Skips locked rows. */
export const PRUNE_QUESTIONS = `
DELETE FROM chat_questions WHERE id IN (
  SELECT id FROM chat_questions
  WHERE charged_at <= now() - interval '${KEY_LIFETIME_MS} milliseconds'
    AND (again_id IS NULL OR asked_again_at IS NOT NULL OR again_expires <= now())
  LIMIT 1000 FOR UPDATE SKIP LOCKED
) RETURNING id`;

const PRUNE_REVOKED = `
DELETE FROM chat_revoked WHERE (account, jti) IN (
  SELECT account, jti FROM chat_revoked WHERE expires <= now() - interval '1 hour' LIMIT 1000 FOR UPDATE SKIP LOCKED
) RETURNING jti`;

const PRUNE_USAGE = `
DELETE FROM chat_usage WHERE (account, day) IN (
  SELECT account, day FROM chat_usage WHERE day <= ${TODAY} - ${USAGE_DAYS.most} LIMIT 1000 FOR UPDATE SKIP LOCKED
) RETURNING day`;

/** Most runs of one statement in a round, so that a round ends. */
const PIECES = 50;

/** Deletes expired holds, keys, tokens, usage, known addresses and counts. Every server does so at the same time as the others. */
export async function sweep({ run }: Pick<Database, "run">): Promise<void> {
  for (const statement of [SWEEP, PRUNE_QUESTIONS, PRUNE_REVOKED, PRUNE_USAGE, PRUNE_KNOWN, PRUNE_LIMITS]) {
    for (let piece = 0; piece < PIECES; piece += 1) {
      const { rows } = await run(statement);
      if (rows.length === 0) break;
    }
  }
}
