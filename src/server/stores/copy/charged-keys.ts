import { KEY_LIFETIME_MS } from "../../../protocol/limits.ts";
import type { Query } from "../postgres/database.ts";
import type { Entry } from "./side.ts";

/** Rows of one INSERT. */
export const PIECE = 5_000;

const QUESTIONS = `
INSERT INTO chat_questions
  (id, account, key, digest, price, model, expires, charged_at, again_id, again_expires, asked_again_at)
SELECT id, account, key, digest, price, model, to_timestamp(at / 1000), to_timestamp(at / 1000),
  again, to_timestamp(again_at / 1000), to_timestamp(again_at / 1000)
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::float8[], $7::text[], $8::float8[], $9::text[])
  AS t (id, account, key, digest, price, at, again, again_at, model)`;

interface Key {
  charge: Entry;
  again?: Entry | undefined;
}

/** Collects the keys that were charged less than a day ago, and writes them into a database. */
export function createKeys(now: number) {
  const keys = new Map<string, Key>();
  return {
    add(entry: Entry): void {
      if (!entry.key || entry.at <= now - KEY_LIFETIME_MS) return;
      const slot = `${entry.account} ${entry.key.key}`;
      const known = keys.get(slot);
      if (entry.kind === "charge") keys.set(slot, { charge: entry });
      else if (known) known.again = entry;
    },
    async insert(query: Query): Promise<void> {
      const all = [...keys.values()];
      for (let at = 0; at < all.length; at += PIECE) {
        const piece = all.slice(at, at + PIECE);
        await query(QUESTIONS, [
          piece.map(({ charge }) => charge.id),
          piece.map(({ charge }) => charge.account),
          piece.map(({ charge }) => charge.key?.key),
          piece.map(({ charge }) => charge.key?.digest),
          piece.map(({ charge }) => -charge.tokens),
          piece.map(({ charge }) => charge.at),
          piece.map(({ again }) => again?.id ?? null),
          piece.map(({ again }) => again?.at ?? null),
          piece.map(({ charge }) => charge.model ?? null),
        ]);
      }
    },
  };
}
