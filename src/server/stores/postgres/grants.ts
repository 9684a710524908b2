import type { Act } from "../../core/operations.ts";
import type { AccountId } from "../../core/ports.ts";
import { inDoubt, type Outcome as Sending } from "./database.ts";
import type { Tallied } from "./tally.ts";

/** The rows of the ledger that may have the id $1 of the account $2. Grants from before ids belonged to accounts have it bare. */
const OF_ID = `
account = $2 AND kind IN ('grant', 'take') AND id IN ($1::text, $2::text || ' ' || $1::text)`;

/**
 * Part of a statement that made `entry`. It does not see the rows that were added while it waited for the account's row, so it
 * makes none if the account got any meanwhile: then `raced` is true, and it has to be sent again.
 */
const MADE = `, made AS (
  UPDATE chat_accounts a SET tokens = a.tokens + e.tokens, granted = a.granted + e.tokens, given = a.given + 1
  FROM entry e WHERE a.id = e.account
  RETURNING e.tokens
)
SELECT tokens, false AS raced FROM made
UNION ALL
SELECT 0, true FROM account WHERE raced`;

const SEEN = "a.given <> (SELECT s.given FROM chat_accounts s WHERE s.id = $2)";

const GRANT = `
WITH account AS (
  SELECT a.id, a.tokens, ${SEEN} AS raced FROM chat_accounts a
  WHERE a.id = $2 AND a.deleted_at IS NULL AND a.tokens <= 9007199254740991 - $3::bigint FOR UPDATE
), entry AS (
  INSERT INTO chat_ledger (id, kind, account, at, tokens, balance, reason, by)
  SELECT $2::text || ' ' || $1::text, 'grant', id, now(), $3::bigint, tokens + $3::bigint, $4, $5 FROM account
  WHERE NOT raced AND NOT EXISTS (SELECT FROM chat_ledger WHERE ${OF_ID})
  ON CONFLICT (id, kind) DO NOTHING
  RETURNING account, tokens
)${MADE}`;

/** Takes what is not held, at most $3. */
const TAKE = `
WITH account AS (
  SELECT a.id, a.tokens, least($3::bigint, a.tokens - a.held) AS taken, ${SEEN} AS raced FROM chat_accounts a
  WHERE a.id = $2 AND a.deleted_at IS NULL FOR UPDATE
), entry AS (
  INSERT INTO chat_ledger (id, kind, account, at, tokens, balance, reason, by, asked)
  SELECT $2::text || ' ' || $1::text, 'take', id, now(), -taken, tokens - taken, $4, $5, $3::bigint FROM account
  WHERE NOT raced AND NOT EXISTS (SELECT FROM chat_ledger WHERE ${OF_ID})
  ON CONFLICT (id, kind) DO NOTHING
  RETURNING account, tokens
)${MADE}`;

/** Runs only when nothing was given. */
const GIVEN = `
SELECT l.kind, l.tokens, l.asked
FROM chat_accounts a LEFT JOIN (SELECT account, kind, tokens, asked FROM chat_ledger WHERE ${OF_ID}) l ON l.account = a.id
WHERE a.id = $2 AND a.deleted_at IS NULL`;

/** For each of the accounts $2, in their order, what the id $1 added to it. */
export const MOVED = `
SELECT l.tokens FROM unnest($2::text[]) WITH ORDINALITY AS a (account, position)
LEFT JOIN LATERAL (
  SELECT tokens FROM chat_ledger
  WHERE account = a.account AND kind IN ('grant', 'take') AND id IN ($1::text, a.account || ' ' || $1::text)
) l ON true
ORDER BY a.position`;

type Sent = Sending<{ tokens: string; raced: boolean }>;

interface Given {
  kind: "grant" | "take" | null;
  tokens: string;
  asked: string | null;
}

interface Asked extends Act {
  id: string;
  account: AccountId;
  tokens: number;
}

/** `none`: the balance does not allow it. `tokens`: what the balance changed by. */
type Outcome = { kind: "made" | "repeated"; tokens: number } | { kind: "id_taken" | "none" | "unknown" };

/** Makes a grant or a take, once for each account and id. */
export async function give(database: Tallied, kind: "grant" | "take", asked: Asked): Promise<Outcome> {
  const row = { kind, id: `${asked.account} ${asked.id}` };
  try {
    const given = await giveOnce(database, kind, asked);
    if (given.kind === "made") database.tally?.added(row, given.tokens);
    return given;
  } catch (error) {
    database.tally?.doubt(row, error);
    throw error;
  }
}

async function giveOnce(
  { run }: Tallied,
  kind: "grant" | "take",
  { id, account, tokens, reason, by }: Asked,
): Promise<Outcome> {
  const sql = kind === "grant" ? GRANT : TAKE;
  let repeated = false;
  for (;;) {
    const sent: Promise<Sent> = run(sql, [id, account, tokens, reason, by]);
    const outcome: Awaited<Sent> = await (repeated ? sent.catch(inDoubt) : sent);
    repeated ||= outcome.repeated;
    const [row] = outcome.rows;
    if (row && !row.raced) return { kind: "made", tokens: Number(row.tokens) };
    if (!row) break;
  }
  const look = run<Given>(GIVEN, [id, account]);
  const given = (await (repeated ? look.catch(inDoubt) : look)).rows[0];
  if (!given) return { kind: "unknown" };
  if (given.kind === null) return { kind: "none" };
  if (given.kind !== kind || Number(given.asked ?? given.tokens) !== tokens) return { kind: "id_taken" };
  // If a response was lost, this call itself has most likely made it.
  return { kind: repeated ? "made" : "repeated", tokens: Number(given.tokens) };
}
