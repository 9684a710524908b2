import { USAGE_DAYS } from "../../../protocol/limits.ts";
import { foldName } from "../../core/fold-name.ts";
import { StartupError } from "../../core/startup-error.ts";
import type { Database, Query } from "../postgres/database.ts";
import { failureOf } from "../postgres/failures.ts";
import { createKeys, PIECE } from "./charged-keys.ts";
import { openForCopy, UNLIMITED } from "./from-postgres.ts";
import { untilAborted } from "./give-up.ts";
import type { Copied, CopiedAccount, Entry, Opening, Source, Target } from "./side.ts";
import { createTally, type Tally } from "./tally.ts";

/** ms for which a database that was lost is asked what it holds. */
const LOOK = 10_000;

const ACCOUNTS = `
INSERT INTO chat_accounts (id, name, folded, password_hash, generation, disabled, tokens, held, created_at)
SELECT id, name, folded, hash, generation, disabled, tokens, 0, now()
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int4[], $6::bool[], $7::bigint[])
  AS t (id, name, folded, hash, generation, disabled, tokens)`;

const LEDGER = `
INSERT INTO chat_ledger (id, kind, account, at, tokens, balance, reason)
SELECT id, kind, account, to_timestamp(at / 1000), tokens, balance, reason
FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::bigint[], $6::bigint[], $7::text[])
  AS t (id, kind, account, at, tokens, balance, reason)`;

const USAGE = `
INSERT INTO chat_usage (account, day, questions, tokens)
SELECT account, floor(extract(epoch FROM at) / 86400)::int4, count(*), -sum(tokens) FROM chat_ledger
WHERE kind = 'charge' AND at > now() - interval '${USAGE_DAYS.most + 1} days' GROUP BY 1, 2`;

const REVOKED = `
INSERT INTO chat_revoked (account, jti, expires)
SELECT account, jti, to_timestamp(expires / 1000) FROM unnest($1::text[], $2::text[], $3::float8[]) AS t (account, jti, expires)`;

const SECRET = `
INSERT INTO chat_settings (name, value) VALUES ('signing_secret', $1)`;

/** What stands in the database by then, from its own rows. */
const CHECK = `
SELECT (SELECT count(*) FROM chat_accounts)::float8 AS accounts, (SELECT count(*) FROM chat_ledger)::float8 AS entries,
  (SELECT coalesce(sum(tokens), 0) FROM chat_ledger)::float8 AS tokens,
  (SELECT count(*) FROM chat_accounts a LEFT JOIN
    (SELECT account, sum(tokens) AS tokens FROM chat_ledger GROUP BY account) l ON l.account = a.id
    WHERE a.tokens <> coalesce(l.tokens, 0))::float8 AS wrong`;

/** A database to copy to: all of it in one transaction. Throws `StartupError` where accounts are in it. */
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
          // One copy at a time; no migration and no start of a server meanwhile.
          await query(ALONE);
          const copied = await write(query, source, opening.now);
          if (!(await holds(query, copied))) throw changed(description);
          written = copied;
          // Its outcome counts, whoever gives up meanwhile.
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

/** Whether a copy whose last answer was lost is in the database. Waits for its transaction, which may still end. */
async function wasKept({ run }: Pick<Database, "run">): Promise<boolean> {
  try {
    await run(ALONE, [], LOOK);
    return (await run("SELECT id FROM chat_accounts LIMIT 1", [], LOOK)).rows.length > 0;
  } catch (error) {
    throw new StartupError(
      "The database was lost at the copy's last step: it holds all of it, or nothing.",
      "Try again when it answers: if it holds the copy, it says that it holds accounts already.",
      error,
    );
  }
}

async function write(query: Query, source: Source, now: number): Promise<Copied> {
  const found = await query("SELECT id FROM chat_accounts LIMIT 1");
  if (found.length > 0)
    throw new StartupError(
      "The database holds accounts already.",
      "Name an empty one; a copy is never mixed into another store.",
    );
  const secrets = await query("SELECT name FROM chat_settings WHERE name = 'signing_secret'");
  if (secrets.length > 0)
    throw new StartupError(
      "A server was started on the database already: it holds a signing secret.",
      "Name an empty one. Or stop every server on it, and delete the secret: DELETE FROM chat_settings WHERE name = 'signing_secret';",
    );
  for (let at = 0; at < source.accounts.length; at += PIECE)
    await insertAccounts(query, source.accounts.slice(at, at + PIECE));
  const tally = createTally();
  const keys = createKeys(now);
  for await (const piece of source.entries()) {
    for (const entry of piece) keys.add(entry);
    await insertEntries(query, piece, tally);
  }
  tally.check(source.accounts);
  await keys.insert(query);
  await query(USAGE);
  const { revoked } = source;
  await query(REVOKED, [
    revoked.map((t) => t.account),
    revoked.map((t) => t.jti),
    revoked.map((t) => t.expires),
  ]);
  if (source.secret) await query(SECRET, [source.secret.toString("base64")]);
  return { ...tally.copied(), accounts: source.accounts.length };
}

/** Whether the target has what was written, and nothing else. */
async function holds(query: Query, { accounts, entries, tokens }: Copied): Promise<boolean> {
  const [kept] = await query<Copied & { wrong: number }>(CHECK);
  return (
    kept?.accounts === accounts && kept.entries === entries && kept.tokens === tokens && kept.wrong === 0
  );
}

/** A server that had been started before the copy, and whose secret is a setting, does not wait for the copy. */
const changed = (description: string, cause?: unknown) =>
  new StartupError(
    `The copy was given up: somebody else wrote into the target (${description}) meanwhile.`,
    "Nothing was kept of the copy. Stop every server on the target, then copy into an empty database.",
    cause,
  );

function insertAccounts(query: Query, accounts: CopiedAccount[]): Promise<unknown> {
  return query(ACCOUNTS, [
    accounts.map(({ id }) => id),
    accounts.map(({ name }) => name),
    accounts.map(({ name }) => foldName(name)),
    accounts.map(({ passwordHash }) => passwordHash),
    accounts.map(({ generation }) => generation),
    accounts.map(({ disabled }) => disabled),
    accounts.map(({ tokens }) => tokens),
  ]);
}

function insertEntries(query: Query, entries: Entry[], tally: Tally): Promise<unknown> {
  return query(LEDGER, [
    entries.map(({ id }) => id),
    entries.map(({ kind }) => kind),
    entries.map(({ account }) => account),
    entries.map(({ at }) => at),
    entries.map(({ tokens }) => tokens),
    entries.map((entry) => tally.add(entry)),
    entries.map(({ reason }) => reason ?? null),
  ]);
}
