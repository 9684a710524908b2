/** When the period of this kind began, by the database's clock. */
export const startOf = (per: string): string =>
  `date_trunc(${per}, now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'`;

const START = startOf("k.per");

/**
 * What the API key `k` has spent in the period in which the clock is. Its row has the sums of two periods, because a clock can
 * be set back: that of the last one in which it was charged, and of the one before that, with all that are older.
 */
export const SPENT = `CASE WHEN ${START} > k.spent_from THEN 0 WHEN ${START} = k.spent_from THEN k.spent
  WHEN ${START} > k.before_from THEN 0 ELSE k.before END`;

/** Whether the API key `k` has neither ended nor expired. */
export const VALID = "k.ended_at IS NULL AND (k.expires IS NULL OR k.expires > now())";

/** Part of a statement that charges `question`: moves what its API keys held to what they spent. */
export const SPENDING = `, spending AS (
  UPDATE chat_api_keys k SET held = k.held - q.price, used_at = now(),
    spent = CASE WHEN ${START} < k.spent_from THEN k.spent ELSE ${SPENT} + q.price END,
    spent_from = greatest(k.spent_from, ${START}),
    before = CASE WHEN ${START} = k.spent_from THEN k.before WHEN ${START} > k.spent_from THEN k.spent
      ELSE ${SPENT} + q.price END,
    before_from = CASE WHEN ${START} = k.spent_from THEN k.before_from WHEN ${START} > k.spent_from THEN k.spent_from
      ELSE greatest(k.before_from, ${START}) END
  FROM (SELECT api_key, sum(price)::bigint AS price FROM question GROUP BY api_key) q
  WHERE k.id = q.api_key
)`;

/** Part of a statement that deletes open questions, the rows of `gone`: gives back what their API keys held. */
export const GIVEN_BACK = `, given_back AS (
  UPDATE chat_api_keys k SET held = k.held - g.price
  FROM (SELECT api_key, sum(price)::bigint AS price FROM gone GROUP BY api_key) g
  WHERE k.id = g.api_key
)`;

/**
 * Part of a statement that has locked `accounts`: ends the API keys of these for which `only` is true, the rows of `ended`, and
 * records it.
 */
export const endsKeys = (accounts: string, only: string): string => `, ended AS (
  UPDATE chat_api_keys k SET ended_at = now() FROM ${accounts} a
  WHERE k.account = a.id AND k.ended_at IS NULL AND ${only}
  RETURNING k.id, a.id AS account, a.tokens
), ending AS (
  INSERT INTO chat_ledger (id, kind, account, at, tokens, balance, api_key)
  SELECT id, 'api_key_ended', account, now(), 0, tokens, id FROM ended
)`;

/**
 * Ends the API keys of the account $1 from before its last password. The statement that set it does not see those that were
 * made while it waited for the account's row.
 */
export const END_OLDER = `
WITH account AS (
  SELECT id, tokens, generation FROM chat_accounts WHERE id = $1 FOR UPDATE
)${endsKeys("account", "k.generation < a.generation")}
SELECT id FROM ended`;
