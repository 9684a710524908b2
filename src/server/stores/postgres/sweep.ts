import { KEY_LIFETIME_MS, USAGE_DAYS } from "../../../protocol/limits.ts";
import type { Database } from "./database.ts";
import { TODAY } from "./migrations.ts";

/** Ends the holds of one account that have expired. */
export const SWEEP_ACCOUNT = `
WITH account AS (
  SELECT id FROM chat_accounts WHERE id = $1 FOR UPDATE
), gone AS (
  DELETE FROM chat_questions q USING account
  WHERE q.account = account.id AND q.charged_at IS NULL AND q.expires <= now()
  RETURNING q.price
)
UPDATE chat_accounts a SET held = a.held - g.price
FROM (SELECT coalesce(sum(price), 0)::bigint AS price FROM gone) g
WHERE a.id = $1 AND g.price > 0`;

/** The same for many accounts; those that are busy come next time. */
export const SWEEP = `
WITH due AS (
  SELECT DISTINCT account FROM chat_questions WHERE charged_at IS NULL AND expires <= now() LIMIT 200
), account AS (
  SELECT id FROM chat_accounts WHERE id IN (SELECT account FROM due) ORDER BY id FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM chat_questions q USING account
  WHERE q.account = account.id AND q.charged_at IS NULL AND q.expires <= now()
  RETURNING q.account, q.price
)
UPDATE chat_accounts a SET held = a.held - g.price
FROM (SELECT account, sum(price)::bigint AS price FROM gone GROUP BY account) g
WHERE a.id = g.account
RETURNING a.id`;

/** What has had its day, a piece at a time; rows that somebody works with come next time. */
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

/** Pieces of one kind in one round, so that a round ends. */
const PIECES = 50;

/** Ends holds that have expired and forgets what is past its time. Every server does, beside the others. */
export async function sweep({ run }: Pick<Database, "run">): Promise<void> {
  for (const statement of [SWEEP, PRUNE_QUESTIONS, PRUNE_REVOKED, PRUNE_USAGE]) {
    for (let piece = 0; piece < PIECES; piece += 1) {
      const { rows } = await run(statement);
      if (rows.length === 0) break;
    }
  }
}
