import { foldName } from "../../core/fold-name.ts";
import type { AccountRow, Operations } from "../../core/operations.ts";
import type { AccountId } from "../../core/ports.ts";
import { isName } from "./accounts.ts";
import type { Refills } from "../../core/refill.ts";
import type { Database } from "./database.ts";
import { readRefills } from "./refill-settings.ts";
import { dueOf, REFILL_STATE, type RefillState } from "./refills.ts";

/** Rows of a page. */
const PAGE = 200;

/** Times in milliseconds since the epoch. Expired holds are not in `held`, though they may not be swept yet. */
const ROWS = `
SELECT a.id, a.name, a.tokens, a.held - (
    SELECT coalesce(sum(q.price), 0) FROM chat_questions q
    WHERE q.account = a.id AND q.charged_at IS NULL AND q.expires <= now()
  ) AS held,
  coalesce(a.granted - a.tokens, (
    SELECT -sum(l.tokens) FROM chat_ledger l WHERE l.account = a.id AND l.kind = 'charge'
  ), 0) AS used,
  (extract(epoch FROM (
    SELECT l.at FROM chat_ledger l WHERE l.account = a.id AND l.kind = 'charge' ORDER BY l.at DESC LIMIT 1
  )) * 1000)::float8 AS last_question,
  a.disabled, ${REFILL_STATE}
FROM chat_accounts a`;

export const ACCOUNTS_PAGE = `${ROWS} WHERE a.id > $1 AND a.deleted_at IS NULL ORDER BY a.id LIMIT ${PAGE}`;
const BY_NAME = `${ROWS} WHERE a.folded = $1`;
const API_KEYS = "SELECT count(*)::int4 AS n FROM chat_api_keys WHERE account = $1 AND ended_at IS NULL";

interface Row extends RefillState {
  id: AccountId;
  name: string;
  tokens: string;
  held: string;
  used: string;
  last_question: number | null;
  disabled: boolean;
}

/** Reads accounts for the operator. Each page is a statement of its own. */
export function createAccountRows({ run }: Pick<Database, "run">): Pick<Operations, "accounts" | "account"> {
  return {
    async *accounts() {
      const refills = await readRefills({ run });
      let last = "";
      for (;;) {
        const { rows } = await run<Row>(ACCOUNTS_PAGE, [last]);
        if (rows.length > 0) yield rows.map((row) => rowOf(row, refills));
        if (rows.length < PAGE) return;
        last = rows.at(-1)!.id;
      }
    },

    async account(name) {
      if (!isName(name)) return undefined;
      const { rows } = await run<Row>(BY_NAME, [foldName(name)]);
      const [row] = rows;
      if (!row) return undefined;
      const keys = await run<{ n: number }>(API_KEYS, [row.id]);
      return { ...rowOf(row, await readRefills({ run })), apiKeys: keys.rows[0]?.n };
    },
  };
}

function rowOf(row: Row, refills: Refills): AccountRow {
  const { id, name, last_question, disabled } = row;
  const tokens = Number(row.tokens);
  return {
    id,
    username: name,
    tokens,
    held: Number(row.held),
    used: Number(row.used),
    created: Number(row.created),
    lastQuestion: last_question === null ? null : Math.floor(last_question),
    disabled,
    due: dueOf(refills, row, tokens),
  };
}
