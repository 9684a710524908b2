import { KEY_LIFETIME_MS } from "../../../protocol/limits.ts";
import { KNOWN_MS } from "../../core/known-address.ts";
import type { AccountId } from "../../core/ports.ts";
import { StartupError } from "../../core/startup-error.ts";
import type { KnownAddress } from "../json/known.ts";
import type { Query } from "../postgres/database.ts";
import { ALL_INVITES, inviteOf, type InviteRow } from "../postgres/invites.ts";
import { createOrder, PLACED } from "../postgres/order.ts";
import { openToRead, UNLIMITED } from "../postgres/snapshot.ts";
import { untilAborted } from "../give-up.ts";
import { readApiKeys } from "./api-key-rows.ts";
import type { CopiedAccount, CopiedRefill, CopiedToken, Entry, Opening, Source } from "./side.ts";
import { differs } from "./sums.ts";

/** Rows of one FETCH. */
const PIECE = 5_000;

/** `first`: the generation that it was made with; later ones have an entry each, if a server of this version made them. */
const ACCOUNTS = `
SELECT id, name, password_hash AS "passwordHash", generation, disabled, tokens::float8 AS tokens,
  floor(extract(epoch FROM refilled) * 1000)::float8 AS refilled, generation - coalesce(l.raised, 0)::int4 AS first
FROM chat_accounts LEFT JOIN (
  SELECT account, count(*) AS raised FROM chat_ledger WHERE kind IN ('password', 'deleted') GROUP BY account
) l ON l.account = id
ORDER BY id`;

const REVOKED = `
SELECT account, jti, (extract(epoch FROM expires) * 1000)::float8 AS expires FROM chat_revoked WHERE expires > now()`;

const KNOWN = `
SELECT account, address, (extract(epoch FROM at) * 1000)::float8 AS at FROM chat_known
WHERE at > now() - interval '${KNOWN_MS} milliseconds' ORDER BY at`;

const IN_FLIGHT = `
SELECT count(*)::int4 AS count FROM chat_questions
WHERE (charged_at IS NULL AND expires > now()) OR (asked_again_at IS NULL AND again_expires > now())`;

/**
 * The ledger with the keys charged less than a day ago: rows from before they were numbered by their times, then the others
 * by their numbers. `greatest` puts an `again` after its charge: if this store was itself a copy, the first store's clock
 * may have been ahead. An API key of a deleted account is gone.
 */
const ENTRIES = `
DECLARE copied CURSOR FOR
SELECT CASE WHEN l.kind IN ('grant', 'take') AND l.id LIKE l.account || ' %' THEN substr(l.id, length(l.account) + 2)
    ELSE l.id END AS id, l.kind, l.account, (extract(epoch FROM l.at) * 1000)::float8 AS at, l.tokens::float8 AS tokens,
  l.balance::float8 AS balance, l.n::float8 AS n, l.reason, l.by, l.asked::float8 AS asked, l.model, l.invite,
  l.api_key AS "apiKey", k.key, k.digest
FROM ${PLACED} l
LEFT JOIN chat_questions k ON k.account = l.account AND k.key IS NOT NULL
  AND k.charged_at > now() - interval '${KEY_LIFETIME_MS} milliseconds'
  AND ((l.kind = 'charge' AND k.id = l.id) OR (l.kind = 'again' AND k.again_id = l.id))
WHERE l.kind NOT IN ('api_key', 'api_key_ended') OR EXISTS (SELECT FROM chat_api_keys a WHERE a.id = l.api_key)
ORDER BY l.n IS NOT NULL, CASE WHEN l.n IS NULL THEN greatest(l.at, k.charged_at) END, l.place,
  CASE l.kind WHEN 'account' THEN 0 WHEN 'grant' THEN 1 WHEN 'charge' THEN 2 ELSE 3 END, l.balance DESC, l.n`;

/** Whether a charge may name its model, and whether there is what only an operator does. */
const FEATURES = `
SELECT EXISTS (SELECT FROM chat_ledger WHERE model IS NOT NULL) AS models,
  EXISTS (SELECT FROM chat_ledger WHERE by IS NOT NULL OR kind IN ('take', 'renamed', 'deleted')
    OR (kind = 'grant' AND tokens = 0) OR (kind IN ('password', 'disabled', 'enabled') AND reason IS NOT NULL))
  OR EXISTS (SELECT FROM chat_ledger WHERE kind = 'grant'
    GROUP BY CASE WHEN id LIKE account || ' %' THEN substr(id, length(account) + 2) ELSE id END HAVING count(*) > 1)
  AS operator`;

/** By their number; see refill-settings.ts of the store. */
const REFILLS = "SELECT value FROM chat_settings WHERE name LIKE 'refill:%' ORDER BY length(name), name";

interface Row extends Omit<Entry, "apiKey" | "key"> {
  balance: number;
  n: number | null;
  apiKey: string | null;
  key: string | null;
  digest: string;
}

/** Opens a database for a copy. Throws `StartupError`. */
export const openForCopy = (url: string, opening: Opening) => openToRead(url, opening, false);

/** Opens a database to copy from, in its state of this moment. Throws `StartupError` if questions are in flight. */
export async function openPostgresSource(url: string, opening: Opening): Promise<Source> {
  const { database, description } = await openForCopy(url, opening);
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let held: Promise<void> | undefined;
  const end = async () => {
    release();
    await held?.catch(() => {});
    await database.close();
  };
  try {
    return await new Promise<Source>((resolve, reject) => {
      // One transaction for everything, so that all reads see the same state.
      held = database.connection(async (whole) => {
        const query = untilAborted(whole, opening.signal);
        await query("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
        await query(UNLIMITED);
        const { first, ...found } = await look(query);
        resolve({ ...found, description, entries: () => entries(query, first), close: end });
        await released;
        await query("ROLLBACK");
      });
      held.catch(reject);
    });
  } catch (error) {
    await end();
    throw error;
  }
}

type Found = Omit<Source, "description" | "entries" | "close"> & { first: Map<AccountId, number> };

async function look(query: Query): Promise<Found> {
  const [flying] = await query<{ count: number }>(IN_FLIGHT);
  if (flying && flying.count > 0)
    throw new StartupError(
      `The database is in use: ${flying.count} questions are in flight.`,
      "Stop its servers first; the questions of one that was killed end two minutes later.",
    );
  const accounts = await query<CopiedAccount & { first: number }>(ACCOUNTS);
  const [features] = await query<{ models: boolean; operator: boolean }>(FEATURES);
  const refills = (await query<{ value: string }>(REFILLS)).map(
    ({ value }) => JSON.parse(value) as CopiedRefill,
  );
  const [secret] = await query<{ value: string }>(
    "SELECT value FROM chat_settings WHERE name = 'signing_secret'",
  );
  return {
    accounts: accounts.map(({ first: _first, ...account }) => account),
    first: new Map(accounts.map(({ id, first }) => [id, first])),
    revoked: (await query<CopiedToken>(REVOKED)).map((token) => ({
      ...token,
      expires: Math.round(token.expires),
    })),
    invites: (await query<InviteRow>(ALL_INVITES)).map((row) => ({ ...inviteOf(row), revoked: row.revoked })),
    apiKeys: await readApiKeys(query),
    known: (await query<KnownAddress>(KNOWN)).map((known) => ({ ...known, at: Math.floor(known.at) })),
    refills,
    models: features?.models === true,
    operator: features?.operator === true || refills.length > 0,
    secret: secret && Buffer.from(secret.value, "base64"),
  };
}

async function* entries(query: Query, first: Map<AccountId, number>): AsyncGenerator<Entry[]> {
  await query(ENTRIES);
  const entryOf = (row: Row) => plain(row, row.kind === "account" ? first.get(row.account) : undefined);
  const order = createOrder<Row>();
  for (;;) {
    const rows = await query<Row>(`FETCH ${PIECE} FROM copied`);
    if (rows.length === 0) break;
    yield rows.flatMap((row) => order.next(row)).map(entryOf);
  }
  yield order.rest().map(entryOf);
  if (order.stuck().length > 0)
    throw differs("in the source's ledger, an account has no first entry or a balance below zero");
}

function plain({ n: _n, balance: _balance, ...row }: Row, generation: number | undefined): Entry {
  const { id, kind, account, tokens, reason, by } = row;
  return {
    id,
    kind,
    account,
    tokens,
    reason,
    by,
    generation,
    at: Math.floor(row.at),
    asked: row.asked ?? undefined,
    invite: row.invite ?? undefined,
    model: row.model ?? undefined,
    apiKey: row.apiKey ?? undefined,
    key: row.key === null ? undefined : { key: row.key, digest: row.digest },
  };
}
