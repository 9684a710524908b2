import type { Period } from "../../../protocol/refill.ts";
import { foldName } from "../../core/fold-name.ts";
import type { Query } from "../postgres/database.ts";
import { startOf } from "../postgres/key-limits.ts";
import type { CopiedApiKey } from "./side.ts";

const ALL = `
SELECT id, account, name, digest, most::float8 AS most, per, (extract(epoch FROM expires) * 1000)::float8 AS expires,
  (extract(epoch FROM created_at) * 1000)::float8 AS at, (extract(epoch FROM used_at) * 1000)::float8 AS used,
  ended_at IS NOT NULL AS ended
FROM chat_api_keys ORDER BY n`;

/** What a key spent is the sum of its charges in the last two periods in which it has some. */
const INSERT = `
WITH key AS (
  SELECT t.*, a.generation, row_number() OVER (PARTITION BY t.account, t.ended ORDER BY t.place)::int4 AS slot
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::float8[], $9::float8[],
    $10::float8[], $11::bool[])
    WITH ORDINALITY AS t (id, account, name, folded, digest, most, per, expires, at, used, ended, place)
  JOIN chat_accounts a ON a.id = t.account
), period AS (
  SELECT k.id, date_trunc(k.per, l.at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS start, -sum(l.tokens)::bigint AS spent
  FROM chat_ledger l JOIN key k ON k.id = l.api_key WHERE l.kind = 'charge' GROUP BY 1, 2
), spending AS (
  SELECT id, start, spent, lead(start) OVER w AS before_start, lead(spent) OVER w AS before, row_number() OVER w AS place
  FROM period WINDOW w AS (PARTITION BY id ORDER BY start DESC)
)
INSERT INTO chat_api_keys (id, account, slot, name, folded, digest, generation, most, per, expires, created_at, ended_at, used_at,
  held, spent, spent_from, before, before_from, recounts)
SELECT k.id, k.account, k.slot, k.name, k.folded, k.digest, k.generation, k.most, k.per, to_timestamp(k.expires / 1000),
  to_timestamp(k.at / 1000), CASE WHEN k.ended THEN now() END, to_timestamp(k.used / 1000),
  0, coalesce(s.spent, 0), coalesce(s.start, ${startOf("k.per")}), coalesce(s.before, 0),
  coalesce(s.before_start, s.start, ${startOf("k.per")}), 0
FROM key k LEFT JOIN spending s ON s.id = k.id AND s.place = 1
ORDER BY k.place`;

interface Row extends Omit<CopiedApiKey, "limit" | "lastUsed"> {
  most: number | null;
  per: Period;
  used: number | null;
}

const whole = (time: number | null) => time && Math.floor(time);

/** The API keys of a database. */
export async function readApiKeys(query: Query): Promise<CopiedApiKey[]> {
  const rows = await query<Row>(ALL);
  return rows.map(({ most, per, used, at, expires, ...key }) => ({
    ...key,
    limit: most === null ? null : { tokens: most, per },
    expires: whole(expires),
    at: Math.floor(at),
    lastUsed: whole(used),
  }));
}

/** Writes API keys into a database that has the accounts and the ledger. */
export async function insertApiKeys(query: Query, keys: CopiedApiKey[]): Promise<void> {
  await query(INSERT, [
    keys.map(({ id }) => id),
    keys.map(({ account }) => account),
    keys.map(({ name }) => name),
    keys.map(({ name }) => foldName(name)),
    keys.map(({ digest }) => digest),
    keys.map(({ limit }) => limit?.tokens ?? null),
    keys.map(({ limit }) => limit?.per ?? "month"),
    keys.map(({ expires }) => expires),
    keys.map(({ at }) => at),
    keys.map(({ lastUsed }) => lastUsed),
    keys.map(({ ended }) => ended),
  ]);
}
