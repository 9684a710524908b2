import { Client } from "pg";
import { TODAY } from "../../src/server/stores/postgres/migrations.ts";

/** The version of the schema before an operator's acts. */
export const BEFORE_ACTS = 7;

/** The statements of a server of that version. They are never changed. */
const CREATE = `
WITH account AS (
  INSERT INTO chat_accounts (id, name, folded, password_hash, generation, disabled, tokens, held, created_at)
  VALUES ($1, $2, $3, $4, 1, false, $5::bigint, 0, now())
  ON CONFLICT (folded) DO NOTHING
  RETURNING id, tokens
)
INSERT INTO chat_ledger (id, kind, account, at, tokens, balance)
SELECT id, 'account', id, now(), tokens, tokens FROM account
RETURNING id`;

const BY_NAME = "SELECT a.id, a.name, a.password_hash FROM chat_accounts a WHERE a.folded = $1";

const SET_PASSWORD = `
UPDATE chat_accounts a SET password_hash = $2, generation = a.generation + 1
WHERE a.id = $1 AND a.generation = $3 RETURNING a.id`;

const REVOKE = `
INSERT INTO chat_revoked (account, jti, expires)
SELECT id, $2, to_timestamp($3::float8 / 1000) FROM chat_accounts WHERE id = $1
ON CONFLICT (account, jti) DO NOTHING`;

const HOLD = `
WITH reserved AS (
  UPDATE chat_accounts a SET held = a.held + $5::bigint
  WHERE a.id = (SELECT id FROM chat_accounts WHERE id = $2 FOR UPDATE) AND a.tokens - a.held >= $5::bigint
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

const CHARGE = `
WITH asked AS (
  SELECT id, account FROM chat_questions WHERE id = ANY($1::text[])
), account AS (
  SELECT id FROM chat_accounts WHERE id IN (SELECT account FROM asked) ORDER BY id FOR UPDATE
), question AS (
  UPDATE chat_questions q SET charged_at = now() FROM account
  WHERE q.id = ANY($1::text[]) AND q.account = account.id AND q.charged_at IS NULL AND q.expires > now()
  RETURNING q.id, q.account, q.price, q.model
), bill AS (
  SELECT account, count(*) AS questions, sum(price)::bigint AS price FROM question GROUP BY account
), balance AS (
  UPDATE chat_accounts a SET tokens = a.tokens - b.price, held = a.held - b.price
  FROM bill b WHERE a.id = b.account
  RETURNING a.id, a.tokens, a.held
), charged AS (
  SELECT q.id, q.account, q.price, q.model, b.tokens + q.later AS tokens, b.held + q.later AS held
  FROM (
    SELECT id, account, price, model,
      (sum(price) OVER (PARTITION BY account ORDER BY array_position($1::text[], id) DESC) - price)::bigint AS later
    FROM question
  ) q JOIN balance b ON b.id = q.account
), entry AS (
  INSERT INTO chat_ledger (id, kind, account, at, tokens, balance, model)
  SELECT id, 'charge', account, now(), -price, tokens, model FROM charged
), day AS (
  INSERT INTO chat_usage AS u (account, day, questions, tokens)
  SELECT account, ${TODAY}, questions, price FROM bill
  ON CONFLICT (account, day) DO UPDATE SET questions = u.questions + excluded.questions, tokens = u.tokens + excluded.tokens
)
SELECT id, tokens, held, false AS locked FROM charged
UNION ALL
SELECT id, 0, 0, true FROM asked WHERE account NOT IN (SELECT id FROM account)`;

const GRANT = `
WITH account AS (
  SELECT id, tokens FROM chat_accounts WHERE id = $2 AND tokens <= 9007199254740991 - $3::bigint FOR UPDATE
), entry AS (
  INSERT INTO chat_ledger (id, kind, account, at, tokens, balance, reason)
  SELECT $1, 'grant', id, now(), $3::bigint, tokens + $3::bigint, $4 FROM account
  ON CONFLICT (id, kind) DO NOTHING
  RETURNING account, tokens
)
UPDATE chat_accounts a SET tokens = a.tokens + e.tokens FROM entry e WHERE a.id = e.account
RETURNING a.id`;

/** A server of the version before, with its prepared statements. Each call tells how many rows it got. */
export async function openBeforeActs(url: string) {
  const client = new Client({ connectionString: url });
  await client.connect();
  const run = async (name: string, text: string, values: unknown[]) =>
    (await client.query<Record<string, unknown>>({ name, text, values })).rows;
  return {
    create: (id: string, tokens: number) => run("create", CREATE, [id, id, id, "$2b$", tokens]),
    byName: (name: string) => run("by_name", BY_NAME, [name]),
    setPassword: (id: string, generation: number) =>
      run("set_password", SET_PASSWORD, [id, "$2b$new", generation]),
    revoke: (id: string, jti: string) => run("revoke", REVOKE, [id, jti, Date.now() + 60_000]),
    /** Rows with `locked` false: those that it held. */
    hold: async (id: string, account: string, price: number, generation = 1) => {
      const values = [id, account, null, "", price, 60_000, generation, "jti", "small"];
      return (await run("hold", HOLD, values)).filter(({ locked }) => locked === false);
    },
    charge: (ids: string[]) => run("charge", CHARGE, [ids]),
    grant: (id: string, account: string, tokens: number) =>
      run("grant", GRANT, [id, account, tokens, "grant"]),
    close: () => client.end(),
  };
}
