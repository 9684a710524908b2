import { USAGE_DAYS } from "../../../protocol/limits.ts";
import { foldName } from "../../core/fold-name.ts";
import { StartupError } from "../../core/startup-error.ts";
import type { Database, Query } from "../postgres/database.ts";
import { failureOf } from "../postgres/failures.ts";
import { UNLIMITED } from "../postgres/snapshot.ts";
import { insertApiKeys } from "./api-key-rows.ts";
import { createKeys, PIECE } from "./charged-keys.ts";
import { openForCopy } from "./from-postgres.ts";
import { untilAborted } from "../give-up.ts";
import type { Copied, CopiedAccount, Entry, Opening, Source, Target } from "./side.ts";
import { createSums, deletedOf, type Sums } from "./sums.ts";

/** Milliseconds for asking what the database holds, after its connection was lost. */
const CHECK_TIMEOUT = 10_000;

const ACCOUNTS = `
INSERT INTO chat_accounts
  (id, name, folded, password_hash, generation, disabled, tokens, held, granted, created_at, deleted_at, refilled)
SELECT id, name, folded, hash, generation, disabled, tokens, 0, granted,
  to_timestamp(created / 1000), to_timestamp(deleted / 1000), to_timestamp(refilled / 1000)
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int4[], $6::bool[], $7::bigint[], $8::bigint[],
  $9::float8[], $10::float8[], $11::float8[])
  AS t (id, name, folded, hash, generation, disabled, tokens, granted, created, deleted, refilled)`;

/** Numbers the entries in their order. */
const LEDGER = `
INSERT INTO chat_ledger (id, kind, account, at, tokens, balance, reason, model, invite, by, asked, api_key)
SELECT id, kind, account, to_timestamp(at / 1000), tokens, balance, reason, model, invite, by, asked, api_key
FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[],
  $10::text[], $11::bigint[], $12::text[])
  WITH ORDINALITY AS t (id, kind, account, at, tokens, balance, reason, model, invite, by, asked, api_key, place)
ORDER BY place`;

const USAGE = `
INSERT INTO chat_usage (account, day, questions, tokens)
SELECT account, floor(extract(epoch FROM at) / 86400)::int4, count(*), -sum(tokens) FROM chat_ledger
WHERE kind = 'charge' AND at > now() - interval '${USAGE_DAYS.most + 1} days' GROUP BY 1, 2`;

const REVOKED = `
INSERT INTO chat_revoked (account, jti, expires)
SELECT account, jti, to_timestamp(expires / 1000) FROM unnest($1::text[], $2::text[], $3::float8[]) AS t (account, jti, expires)`;

const INVITES = `
INSERT INTO chat_invites (id, digest, tokens, uses, used, created_at, expires, revoked_at)
SELECT id, digest, tokens, uses, used, to_timestamp(at / 1000), to_timestamp(expires / 1000), CASE WHEN revoked THEN now() END
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::int4[], $5::int4[], $6::float8[], $7::float8[], $8::bool[])
  AS t (id, digest, tokens, uses, used, at, expires, revoked)`;

const KNOWN = `
INSERT INTO chat_known (account, address, at)
SELECT account, address, to_timestamp(at / 1000) FROM unnest($1::text[], $2::text[], $3::float8[]) AS t (account, address, at)`;

const REFILLS = `
INSERT INTO chat_settings (name, value)
SELECT 'refill:' || place, value FROM unnest($1::text[]) WITH ORDINALITY AS t (value, place)`;

const SECRET = `
INSERT INTO chat_settings (name, value) VALUES ('signing_secret', $1)`;

/** Counts and sums of the target's rows; `wrong`: accounts whose entries do not add up to their balance, and
 * invitations with other uses than the ledger has accounts of them. */
const CHECK = `
SELECT (SELECT count(*) FROM chat_accounts)::float8 AS accounts, (SELECT count(*) FROM chat_ledger)::float8 AS entries,
  (SELECT coalesce(sum(tokens), 0) FROM chat_ledger)::float8 AS tokens,
  (SELECT count(*) FROM chat_accounts a LEFT JOIN
    (SELECT account, sum(tokens) AS tokens FROM chat_ledger GROUP BY account) l ON l.account = a.id
    WHERE a.tokens <> coalesce(l.tokens, 0))::float8
  + (SELECT count(*) FROM chat_invites i LEFT JOIN
    (SELECT invite, count(*) AS used FROM chat_ledger GROUP BY invite) l ON l.invite = i.id
    WHERE i.used <> coalesce(l.used, 0))::float8 AS wrong`;

/** A database to copy to, in one transaction. Throws `StartupError` if it has accounts. */
export async function openPostgresTarget(url: string, opening: Opening): Promise<Target> {
  const { database, description } = await openForCopy(url, opening);
  return {
    description,
    async take(source) {
      let written: Copied | undefined;
      try {
        return await database.connection(async (whole) => {
          const query = untilAborted(whole, opening.signal);
          await query("BEGIN");
          await query(UNLIMITED);
          // Excludes other copies, migrations, and starts of servers.
          await query(ALONE);
          const copied = await write(query, source, opening.now);
          if (!(await holds(query, copied))) throw changed(description);
          written = copied;
          // Not abortable: the outcome of the commit counts.
          await whole("COMMIT");
          return copied;
        });
      } catch (error) {
        if (written && failureOf(error) === "lost" && (await wasKept(database))) return written;
        throw failureOf(error) === "conflict" ? changed(description, error) : error;
      }
    },
    close: () => database.close(),
  };
}

const ALONE = "SELECT version FROM chat_schema WHERE one = 1 FOR UPDATE";

/** Whether the commit whose response was lost took effect. Waits for its transaction, which may still be running. */
async function wasKept({ run }: Pick<Database, "run">): Promise<boolean> {
  try {
    await run(ALONE, [], CHECK_TIMEOUT);
    return (await run("SELECT id FROM chat_accounts LIMIT 1", [], CHECK_TIMEOUT)).rows.length > 0;
  } catch (error) {
    throw new StartupError(
      "The connection to the database was lost during the commit: the database holds the whole copy, or nothing.",
      "Copy again when the database answers. If it holds the copy, the message is that it holds accounts already.",
      error,
    );
  }
}

async function write(query: Query, source: Source, now: number): Promise<Copied> {
  const found = await query("SELECT id FROM chat_accounts LIMIT 1");
  if (found.length > 0)
    throw new StartupError(
      "The database holds accounts already.",
      "Name an empty one. A copy is never merged into another store.",
    );
  if ((await query("SELECT id FROM chat_invites LIMIT 1")).length > 0)
    throw new StartupError(
      "The database holds invitations already.",
      "Name an empty one. A copy is never merged into another store.",
    );
  const [setting] = await query<{ name: string }>(
    "SELECT name FROM chat_settings WHERE name = 'signing_secret' OR name LIKE 'refill:%' ORDER BY name DESC",
  );
  if (setting) {
    const [what, which] =
      setting.name === "signing_secret"
        ? ["a signing secret", "name = 'signing_secret'"]
        : ["refills", "name LIKE 'refill:%'"];
    throw new StartupError(
      `The database holds ${what}: a server was started on it before.`,
      `Name an empty one. Or stop every server on it, and delete them: DELETE FROM chat_settings WHERE ${which};`,
    );
  }
  const deleted = deletedOf(source.accounts);
  const sums = createSums();
  const keys = createKeys(now);
  for await (const piece of source.entries()) {
    for (const entry of piece) if (!deleted.has(entry.account)) keys.add(entry);
    await insertEntries(query, piece, sums);
  }
  sums.check(source.accounts);
  for (let at = 0; at < source.accounts.length; at += PIECE)
    await insertAccounts(query, source.accounts.slice(at, at + PIECE), sums);
  await keys.insert(query);
  await insertApiKeys(query, source.apiKeys);
  await query(USAGE);
  const { revoked } = source;
  await query(REVOKED, [
    revoked.map((t) => t.account),
    revoked.map((t) => t.jti),
    revoked.map((t) => t.expires),
  ]);
  const { invites } = source;
  await query(INVITES, [
    invites.map(({ id }) => id),
    invites.map(({ digest }) => digest),
    invites.map(({ tokens }) => tokens),
    invites.map(({ uses }) => uses),
    invites.map(({ used }) => used),
    invites.map(({ at }) => at),
    invites.map(({ expires }) => expires),
    invites.map((invite) => invite.revoked),
  ]);
  const { known } = source;
  await query(KNOWN, [known.map((k) => k.account), known.map((k) => k.address), known.map((k) => k.at)]);
  await query(REFILLS, [
    source.refills.map(({ at, tokens, period, cap }) => JSON.stringify({ at, tokens, period, cap })),
  ]);
  if (source.secret) await query(SECRET, [source.secret.toString("base64")]);
  return { ...sums.copied(), accounts: source.accounts.length };
}

/** Whether the target has exactly what was written. */
async function holds(query: Query, { accounts, entries, tokens }: Copied): Promise<boolean> {
  const [kept] = await query<Copied & { wrong: number }>(CHECK);
  return (
    kept?.accounts === accounts && kept.entries === entries && kept.tokens === tokens && kept.wrong === 0
  );
}

/** A server that was started before the copy, with its secret in its settings, does not wait for the copy. */
const changed = (description: string, cause?: unknown) =>
  new StartupError(
    `The copy failed: another program wrote to the target (${description}) during the copy.`,
    "Nothing was copied. Stop every server on the target, then copy into an empty database.",
    cause,
  );

function insertAccounts(query: Query, accounts: CopiedAccount[], sums: Sums): Promise<unknown> {
  const sumsOfEach = accounts.map(({ id }) => sums.of(id));
  return query(ACCOUNTS, [
    accounts.map(({ id }) => id),
    accounts.map(({ name }) => name),
    accounts.map(({ name }) => foldName(name)),
    accounts.map(({ passwordHash }) => passwordHash),
    accounts.map(({ generation }) => generation),
    accounts.map(({ disabled }) => disabled),
    accounts.map(({ tokens }) => tokens),
    sumsOfEach.map(({ granted }) => granted),
    sumsOfEach.map(({ created }) => created),
    sumsOfEach.map(({ deleted }) => deleted),
    accounts.map(({ refilled }) => refilled),
  ]);
}

function insertEntries(query: Query, entries: Entry[], sums: Sums): Promise<unknown> {
  return query(LEDGER, [
    entries.map(({ id, kind, account }) => (kind === "grant" || kind === "take" ? `${account} ${id}` : id)),
    entries.map(({ kind }) => kind),
    entries.map(({ account }) => account),
    entries.map(({ at }) => at),
    entries.map(({ tokens }) => tokens),
    entries.map((entry) => sums.add(entry)),
    entries.map(({ reason }) => reason ?? null),
    entries.map(({ model }) => model ?? null),
    entries.map(({ invite }) => invite ?? null),
    entries.map(({ by }) => by ?? null),
    entries.map(({ asked }) => asked ?? null),
    entries.map(({ apiKey }) => apiKey ?? null),
  ]);
}
