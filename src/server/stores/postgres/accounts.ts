import { randomBytes, randomUUID } from "node:crypto";
import { foldName } from "../../core/fold-name.ts";
import type { Account, AccountId, Accounts } from "../../core/ports.ts";
import { createActs } from "./acts.ts";
import { inDoubt } from "./database.ts";
import { END_OLDER, endsKeys } from "./key-limits.ts";
import { createKnown } from "./known.ts";
import type { Tallied } from "./tally.ts";

/** The columns of an account. */
export interface Row {
  id: AccountId;
  name: string;
  password_hash: string;
  generation: number;
  disabled: boolean;
}

const COLUMNS = "a.id, a.name, a.password_hash, a.generation, a.disabled";

const CREATE = `
WITH account AS (
  INSERT INTO chat_accounts (id, name, folded, password_hash, generation, disabled, tokens, held, granted, created_at)
  VALUES ($1, $2, $3, $4, 1, false, $5::bigint, 0, $5::bigint, now())
  ON CONFLICT (folded) DO NOTHING
  RETURNING id, tokens
)
INSERT INTO chat_ledger (id, kind, account, at, tokens, balance)
SELECT id, 'account', id, now(), tokens, tokens FROM account
RETURNING id`;

/**
 * The same with a use of the invitation $6. A name that exists is a conflict, which undoes the use: `ON CONFLICT DO NOTHING`
 * would keep it.
 */
const CREATE_INVITED = `
WITH invite AS (
  UPDATE chat_invites SET used = used + 1
  WHERE id = $6 AND used < uses AND revoked_at IS NULL AND expires > now()
  RETURNING id
), account AS (
  INSERT INTO chat_accounts (id, name, folded, password_hash, generation, disabled, tokens, held, granted, created_at)
  SELECT $1, $2, $3, $4, 1, false, $5::bigint, 0, $5::bigint, now() FROM invite
  RETURNING id, tokens
)
INSERT INTO chat_ledger (id, kind, account, at, tokens, balance, invite)
SELECT a.id, 'account', a.id, now(), a.tokens, a.tokens, i.id FROM account a, invite i
RETURNING id`;

const BY_NAME = `SELECT ${COLUMNS} FROM chat_accounts a WHERE a.folded = $1 AND a.deleted_at IS NULL`;

export const SESSION = `
SELECT ${COLUMNS}, r.jti IS NOT NULL AS revoked
FROM chat_accounts a LEFT JOIN chat_revoked r ON r.account = a.id AND r.jti = $2
WHERE a.id = $1 AND a.deleted_at IS NULL`;

const SET_PASSWORD = `
WITH a AS (
  UPDATE chat_accounts SET password_hash = $2, generation = generation + 1
  WHERE id = $1 AND generation = $3 AND deleted_at IS NULL
  RETURNING id, name, password_hash, generation, disabled, tokens
)${endsKeys("a", "$5::boolean")}, entry AS (
  INSERT INTO chat_ledger (id, kind, account, at, tokens, balance)
  SELECT $4, 'password', id, now(), 0, tokens FROM a
)
SELECT ${COLUMNS} FROM a`;

const BY_ID = `SELECT ${COLUMNS} FROM chat_accounts a WHERE a.id = $1`;

const REVOKE = `
WITH account AS (
  SELECT id, tokens FROM chat_accounts WHERE id = $1 AND deleted_at IS NULL FOR UPDATE
), revoked AS (
  INSERT INTO chat_revoked (account, jti, expires)
  SELECT id, $2, to_timestamp($3::float8 / 1000) FROM account
  ON CONFLICT (account, jti) DO NOTHING
  RETURNING account
)
INSERT INTO chat_ledger (id, kind, account, at, tokens, balance)
SELECT $4, 'revoked', a.id, now(), 0, a.tokens FROM account a JOIN revoked r ON r.account = a.id`;

/**
 * The characters of a username (docs/http-api.md#usernames). Other input is not sent: no database accepts U+0000, and
 * some reject more.
 */
const ASCII = /^[\x21-\x7e]+$/;
export const isName = (name: string): boolean => ASCII.test(name);

/** The port `Accounts` over a database. */
export function createAccounts(database: Tallied): Accounts {
  const { run, tally } = database;
  const acts = createActs(database);
  async function byName(name: string): Promise<Account | undefined> {
    if (!isName(name)) return undefined;
    const { rows } = await run<Row>(BY_NAME, [foldName(name)]);
    return rows[0] && accountOf(rows[0]);
  }

  async function create(
    id: AccountId,
    { name, passwordHash, tokens, invite }: Parameters<Accounts["create"]>[0],
  ): ReturnType<Accounts["create"]> {
    const values = [id, name, foldName(name), passwordHash, tokens];
    const { rows, repeated, conflict } =
      invite === undefined ? await run(CREATE, values) : await run(CREATE_INVITED, [...values, invite]);
    if (rows.length > 0)
      return { kind: "created", account: { id, name, passwordHash, generation: 1, disabled: false } };
    const owner = repeated ? await byName(name).catch(inDoubt) : undefined;
    if (owner?.id === id) return { kind: "created", account: owner };
    return { kind: invite === undefined || conflict ? "taken" : "invalid_invite" };
  }

  return {
    ...createKnown(database),
    byName,

    async create(account) {
      const { tokens } = account;
      if (!Number.isSafeInteger(tokens) || tokens < 0)
        throw new RangeError("An account starts with a whole number of tokens.");
      const id = randomBytes(8).toString("hex");
      const row = { kind: "account", id } as const;
      try {
        const made = await create(id, account);
        if (made.kind === "created") tally?.added(row, tokens);
        return made;
      } catch (error) {
        tally?.doubt(row, error);
        throw error;
      }
    },

    async session(account, jti) {
      const { rows } = await run<Row & { revoked: boolean }>(SESSION, [account, jti]);
      return rows[0] && { account: accountOf(rows[0]), revoked: rows[0].revoked };
    },

    async setPassword({ account: id, generation, passwordHash, endsKeys = false }) {
      const values = [id, passwordHash, generation, randomUUID(), endsKeys];
      const { rows, repeated } = await run<Row>(SET_PASSWORD, values);
      const account = rows[0] ?? (await run<Row>(BY_ID, [id])).rows[0];
      if (!account) throw noAccount();
      // If a response was lost, the retry finds the hash already set. Hashes are salted, so an equal one is this call's.
      const isSet = account.password_hash === passwordHash && account.generation === generation + 1;
      if (!rows[0] && !(repeated && isSet)) return { kind: "changed" };
      if (endsKeys) await run(END_OLDER, [id]).catch(inDoubt);
      return { kind: "set", account: accountOf(account) };
    },

    async setDisabled(account, disabled) {
      const { kind } = await acts.setDisabled(account, disabled, { reason: null, by: null });
      if (kind === "unknown") throw noAccount();
    },

    async revoke({ account, jti, expires }) {
      if (!Number.isSafeInteger(expires) || expires > 8.64e15)
        throw new RangeError("expires is a time in milliseconds.");
      await run(REVOKE, [account, jti, expires, randomUUID()]);
    },
  };
}

/** The account was never created: a bug in the caller. */
export const noAccount = (): Error => new Error("No account has this id.");

export const accountOf = ({ id, name, password_hash: passwordHash, generation, disabled }: Row): Account => ({
  id,
  name,
  passwordHash,
  generation,
  disabled,
});
