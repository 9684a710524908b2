import type { Invite, Invites, NewInvite } from "../../core/ports.ts";
import type { Database } from "./database.ts";

const CREATE = `
INSERT INTO chat_invites (id, digest, tokens, uses, used, created_at, expires)
SELECT id, digest, tokens, uses, 0, now(), to_timestamp(expires / 1000)
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::int4[], $5::float8[]) AS t (id, digest, tokens, uses, expires)
RETURNING id`;

/** Times in milliseconds since the epoch, as float8. */
const INVITES = `
SELECT id, digest, tokens, uses, used, (extract(epoch FROM created_at) * 1000)::float8 AS at,
  (extract(epoch FROM expires) * 1000)::float8 AS expires, revoked_at IS NOT NULL AS revoked, expires <= now() AS expired
FROM chat_invites`;

const BY_DIGEST = `${INVITES} WHERE digest = $1`;
const BY_IDS = `${INVITES} WHERE id = ANY ($1::text[])`;
export const ALL_INVITES = `${INVITES} ORDER BY created_at, id`;

const REVOKE = `
UPDATE chat_invites SET revoked_at = now() WHERE (digest = $2 OR id = $1) AND revoked_at IS NULL RETURNING id`;

const KNOWN = "SELECT id FROM chat_invites WHERE digest = $2 OR id = $1";

/** A row of {@link ALL_INVITES}. */
export interface InviteRow {
  id: string;
  digest: string;
  tokens: string | null;
  uses: number;
  used: number;
  at: number;
  expires: number;
  revoked: boolean;
  expired: boolean;
}

function stateOf({ revoked, expired, used, uses }: InviteRow): Invite["state"] {
  if (revoked) return "revoked";
  if (used >= uses) return "used_up";
  return expired ? "expired" : "valid";
}

export const inviteOf = (row: InviteRow): Invite => ({
  id: row.id,
  digest: row.digest,
  tokens: row.tokens === null ? null : Number(row.tokens),
  uses: row.uses,
  expires: Math.round(row.expires),
  at: Math.floor(row.at),
  used: row.used,
  state: stateOf(row),
});

/** The port `Invites` over a database. */
export function createInvites({ run }: Pick<Database, "run">): Invites {
  const read = async (sql: string, values: unknown[] = []) =>
    (await run<InviteRow>(sql, values)).rows.map(inviteOf);

  /** Whether all of them were made before. */
  async function areMade(invites: NewInvite[]): Promise<boolean> {
    const made = await read(BY_IDS, [invites.map(({ id }) => id)]);
    return invites.every((invite) => made.some((other) => isSame(invite, other)));
  }

  return {
    async create(invites) {
      const { conflict } = await run(CREATE, [
        invites.map(({ id }) => id),
        invites.map(({ digest }) => digest),
        invites.map(({ tokens }) => tokens),
        invites.map(({ uses }) => uses),
        invites.map(({ expires }) => expires),
      ]);
      return { kind: conflict && !(await areMade(invites)) ? "taken" : "created" };
    },

    byDigest: async (digest) => (await read(BY_DIGEST, [digest]))[0],
    list: () => read(ALL_INVITES),

    async revoke({ id, digest }) {
      const { rows, repeated } = await run<{ id: string }>(REVOKE, [id, digest]);
      if (rows[0]) return { kind: "revoked", id: rows[0].id };
      const [known] = (await run<{ id: string }>(KNOWN, [id, digest])).rows;
      if (!known) return { kind: "unknown" };
      // If a response was lost, this call itself has most likely revoked it.
      return { kind: repeated ? "revoked" : "repeated", id: known.id };
    },
  };
}

const isSame = (one: NewInvite, other: NewInvite): boolean =>
  (["id", "digest", "tokens", "uses", "expires"] as const).every((field) => one[field] === other[field]);
