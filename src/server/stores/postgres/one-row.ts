import { SPENDING, SPENT, VALID } from "./key-limits.ts";
import { TODAY } from "./migrations.ts";

/** HOLD for one row, with its values instead of arrays: two thirds of the CPU. A key or id that exists is a conflict. */
export const holdOneSql = (only = "true"): string => `
WITH reserved AS (
  UPDATE chat_accounts a SET held = a.held + $5::bigint
  WHERE a.id = (SELECT id FROM chat_accounts WHERE id = $2 FOR UPDATE) AND a.tokens - a.held >= $5::bigint AND ${only}
    AND ($8::text IS NULL OR (a.generation = $7::bigint AND NOT a.disabled
      AND NOT EXISTS (SELECT FROM chat_revoked r WHERE r.account = $2 AND r.jti = $8::text)))
  RETURNING a.id, a.name
), question AS (
  INSERT INTO chat_questions (id, account, key, digest, price, model, expires)
  SELECT $1, id, $3, $4, $5::bigint, $9, now() + $6::float8 * interval '1 millisecond' FROM reserved
)
SELECT $1 AS id, name, false AS locked FROM reserved
UNION ALL
SELECT $1, NULL, true
WHERE NOT EXISTS (SELECT FROM reserved) AND NOT EXISTS (SELECT FROM chat_accounts WHERE id = $2 FOR UPDATE)`;

export const HOLD_ONE = holdOneSql();

/** The same with the API key $7. $8: whether the account was checked before. */
export const holdKeyedOneSql = (only = "true"): string => `
WITH api_key AS (
  SELECT k.account FROM chat_api_keys k
  WHERE k.id = $7 AND k.account = (SELECT id FROM chat_accounts WHERE id = $2 FOR UPDATE) AND ${VALID}
    AND (k.most IS NULL OR k.most - k.held - ${SPENT} >= $5::bigint)
  FOR UPDATE
), reserved AS (
  UPDATE chat_accounts a SET held = a.held + $5::bigint
  WHERE a.id = (SELECT account FROM api_key) AND a.tokens - a.held >= $5::bigint AND ${only}
    AND ($8::boolean OR NOT a.disabled)
  RETURNING a.id, a.name
), kept AS (
  UPDATE chat_api_keys k SET held = k.held + $5::bigint FROM reserved WHERE k.id = $7
), question AS (
  INSERT INTO chat_questions (id, account, key, digest, price, model, api_key, expires)
  SELECT $1, id, $3, $4, $5::bigint, $9, $7, now() + $6::float8 * interval '1 millisecond' FROM reserved
)
SELECT $1 AS id, name, false AS locked FROM reserved
UNION ALL
SELECT $1, NULL, true
WHERE NOT EXISTS (SELECT FROM reserved) AND NOT EXISTS (SELECT FROM chat_accounts WHERE id = $2 FOR UPDATE)`;

export const HOLD_KEYED_ONE = holdKeyedOneSql();

/** CHARGE and CHARGE_KEYED for one row. */
const chargeOneSql = (keyed: boolean): string => `
WITH account AS (
  SELECT id FROM chat_accounts WHERE id = (SELECT account FROM chat_questions WHERE id = $1) FOR UPDATE
), question AS (
  UPDATE chat_questions q SET charged_at = now() FROM account
  WHERE q.id = $1 AND q.charged_at IS NULL AND q.expires > now()
  RETURNING q.account, q.price, q.model${keyed ? ", q.api_key" : ""}
), balance AS (
  UPDATE chat_accounts a SET tokens = a.tokens - q.price, held = a.held - q.price
  FROM question q WHERE a.id = q.account
  RETURNING a.tokens, a.held
), entry AS (
  INSERT INTO chat_ledger (id, kind, account, at, tokens, balance, model${keyed ? ", api_key" : ""})
  SELECT $1, 'charge', q.account, now(), -q.price, b.tokens, q.model${keyed ? ", q.api_key" : ""} FROM question q CROSS JOIN balance b
)${keyed ? SPENDING : ""}, day AS (
  INSERT INTO chat_usage AS u (account, day, questions, tokens)
  SELECT q.account, ${TODAY}, 1, q.price FROM question q
  ON CONFLICT (account, day) DO UPDATE SET questions = u.questions + 1, tokens = u.tokens + excluded.tokens
)
SELECT $1 AS id, tokens, held, false AS locked FROM balance
UNION ALL
SELECT id, 0, 0, true FROM chat_questions WHERE id = $1 AND NOT EXISTS (SELECT FROM account)`;

export const CHARGE_ONE = chargeOneSql(false);
export const CHARGE_KEYED_ONE = chargeOneSql(true);
