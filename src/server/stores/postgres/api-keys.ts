import type { Period } from "../../../protocol/refill.ts";
import {
  API_KEYS,
  checkNewApiKey,
  type ApiKey,
  type ApiKeys,
  type KeyOwner,
  type NewApiKey,
} from "../../core/api-keys.ts";
import { foldName } from "../../core/fold-name.ts";
import type { AccountId } from "../../core/ports.ts";
import { accountOf, noAccount, type Row as AccountRow } from "./accounts.ts";
import { inDoubt, type Database } from "./database.ts";
import { endsKeys, SPENT, startOf } from "./key-limits.ts";

const KEY = `
  k.id, k.account, k.name, k.digest, k.most, k.per, floor(extract(epoch FROM k.expires) * 1000)::float8 AS expires,
  floor(extract(epoch FROM k.created_at) * 1000)::float8 AS at, ${SPENT} AS spent,
  floor(extract(epoch FROM k.used_at) * 1000)::float8 AS used`;

/** Takes the lowest free slot. If another key got it meanwhile, that is a conflict. */
const CREATE = `
WITH account AS (
  SELECT id, tokens, generation FROM chat_accounts WHERE id = $2 AND deleted_at IS NULL FOR UPDATE
), free AS (
  SELECT min(s.slot) AS slot FROM generate_series(1, ${API_KEYS}) AS s (slot)
  WHERE NOT EXISTS (SELECT FROM chat_api_keys k WHERE k.account = $2 AND k.slot = s.slot AND k.ended_at IS NULL)
), k AS (
  INSERT INTO chat_api_keys (id, account, slot, name, folded, digest, generation, most, per, expires, created_at,
    held, spent, spent_from, before, before_from, recounts)
  SELECT $1, a.id, f.slot, $3, $4, $5, a.generation, $6::bigint, $7::text, to_timestamp($8::float8 / 1000), now(),
    0, 0, p.start, 0, p.start, 0
  FROM account a JOIN free f ON f.slot IS NOT NULL CROSS JOIN (SELECT ${startOf("$7::text")} AS start) p
  ON CONFLICT DO NOTHING
  RETURNING *
), entry AS (
  INSERT INTO chat_ledger (id, kind, account, at, tokens, balance, api_key)
  SELECT k.id, 'api_key', a.id, now(), 0, a.tokens, k.id FROM k JOIN account a ON a.id = k.account
)
SELECT ${KEY} FROM k`;

/** Runs only when nothing was made. */
const CREATE_LOOK = `
SELECT a.deleted_at IS NOT NULL AS deleted,
  (SELECT count(*)::int4 FROM chat_api_keys k WHERE k.account = a.id AND k.ended_at IS NULL) AS live,
  EXISTS (SELECT FROM chat_api_keys k WHERE k.id = $2 OR k.digest = $4
    OR (k.account = a.id AND k.folded = $3 AND k.ended_at IS NULL)) AS taken,
  EXISTS (SELECT FROM chat_api_keys k WHERE k.id = $2 AND k.digest = $4) AS mine
FROM chat_accounts a WHERE a.id = $1`;

const LIST = `SELECT ${KEY} FROM chat_api_keys k WHERE k.account = $1 AND k.ended_at IS NULL ORDER BY k.n`;
const BY_ID = `SELECT ${KEY} FROM chat_api_keys k WHERE k.id = $1`;

const BY_DIGEST = `
SELECT ${KEY}, a.name AS owner, a.password_hash, a.generation, a.disabled
FROM chat_api_keys k JOIN chat_accounts a ON a.id = k.account
WHERE k.digest = $1 AND k.ended_at IS NULL AND a.deleted_at IS NULL`;

const OWNER = "SELECT id, account FROM chat_api_keys WHERE digest = $1 AND ended_at IS NULL";

/** So many keys are remembered with their accounts, which never change. */
const MOST_OWNERS = 20_000;

const REVOKE = `
WITH account AS (
  SELECT id, tokens FROM chat_accounts WHERE id = $1 FOR UPDATE
)${endsKeys("account", "k.id = $2")}
SELECT id FROM ended`;

const ENDED = "SELECT id FROM chat_api_keys WHERE id = $2 AND account = $1 AND ended_at IS NOT NULL";

interface Row {
  id: string;
  account: AccountId;
  name: string;
  digest: string;
  most: string | null;
  per: Period;
  expires: number | null;
  at: number;
  spent: string;
  used: number | null;
}

/** The port `ApiKeys` over a database. */
export function createApiKeys({ run }: Pick<Database, "run">): Required<ApiKeys> {
  const owners = new Map<string, KeyOwner>();

  async function create(key: NewApiKey): ReturnType<ApiKeys["create"]> {
    checkNewApiKey(key);
    const { id, account, name, digest, limit, expires } = key;
    const folded = foldName(name);
    const { tokens = null, per = "month" } = limit ?? {};
    let lost = false;
    for (;;) {
      const values = [id, account, name, folded, digest, tokens, per, expires];
      const { rows, repeated } = await run<Row>(CREATE, values);
      if (rows[0]) return { kind: "created", key: keyOf(rows[0]) };
      lost ||= repeated;
      const look = run<Look>(CREATE_LOOK, [account, id, folded, digest]);
      const state = (await (lost ? look.catch(inDoubt) : look)).rows[0];
      if (!state) throw noAccount();
      const own = lost && state.mine ? await run<Row>(BY_ID, [id]).catch(inDoubt) : undefined;
      if (own?.rows[0]) return { kind: "created", key: keyOf(own.rows[0]) };
      if (state.deleted) return { kind: "unknown" };
      if (state.taken) return { kind: "taken" };
      if (state.live >= API_KEYS) return { kind: "too_many" };
    }
  }

  return {
    create,

    list: async (account) => (await run<Row>(LIST, [account])).rows.map(keyOf),

    async revoke(account, id) {
      const { rows, repeated } = await run(REVOKE, [account, id]);
      if (rows.length > 0) return { kind: "revoked" };
      // If a response was lost, this call itself has most likely ended it.
      const ended = repeated && (await run(ENDED, [account, id]).catch(inDoubt)).rows.length > 0;
      return { kind: ended ? "revoked" : "unknown" };
    },

    async ownerOf(digest) {
      const known = owners.get(digest);
      if (known) return known;
      const owner = (await run<KeyOwner>(OWNER, [digest])).rows[0];
      if (owner && owners.size >= MOST_OWNERS) owners.clear();
      if (owner) owners.set(digest, owner);
      return owner;
    },

    async byDigest(digest) {
      const row = (await run<Row & Omit<AccountRow, "id" | "name"> & { owner: string }>(BY_DIGEST, [digest]))
        .rows[0];
      return row && { key: keyOf(row), account: accountOf({ ...row, id: row.account, name: row.owner }) };
    },
  };
}

interface Look {
  deleted: boolean;
  live: number;
  taken: boolean;
  mine: boolean;
}

const keyOf = ({ id, account, name, digest, most, per, expires, at, spent, used }: Row): ApiKey => ({
  id,
  account,
  name,
  digest,
  limit: most === null ? null : { tokens: Number(most), per },
  expires,
  at,
  spent: Number(spent),
  lastUsed: used,
});
