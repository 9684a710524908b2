import { KNOWN_AGAIN_MS, KNOWN_MS, MOST_KNOWN } from "../../core/known-address.ts";
import type { Accounts } from "../../core/ports.ts";
import type { Database } from "./database.ts";

const KNOWS = `
SELECT address FROM chat_known
WHERE account = $1 AND address = $2 AND at > now() - interval '${KNOWN_MS} milliseconds'`;

const REMEMBER = `
INSERT INTO chat_known AS k (account, address, at)
SELECT id, $2, now() FROM chat_accounts WHERE id = $1 AND deleted_at IS NULL FOR SHARE
ON CONFLICT (account, address) DO UPDATE SET at = now() WHERE k.at <= now() - interval '${KNOWN_AGAIN_MS} milliseconds'
RETURNING address`;

const DROP_OLDEST = `
DELETE FROM chat_known WHERE account = $1 AND address IN (
  SELECT address FROM chat_known WHERE account = $1 ORDER BY at DESC, address = $2 DESC OFFSET ${MOST_KNOWN}
)`;

/** Deletes known addresses that have expired, up to 1,000 at a time. Skips locked rows. */
export const PRUNE_KNOWN = `
DELETE FROM chat_known WHERE (account, address) IN (
  SELECT account, address FROM chat_known WHERE at <= now() - interval '${KNOWN_MS} milliseconds'
  LIMIT 1000 FOR UPDATE SKIP LOCKED
) RETURNING account`;

/** The known addresses of accounts. */
export function createKnown({ run }: Pick<Database, "run">): Pick<Accounts, "knows" | "remember"> {
  return {
    async knows(account, address) {
      const { rows } = await run(KNOWS, [account, address]);
      return rows.length > 0;
    },
    async remember(account, address) {
      const { rows } = await run(REMEMBER, [account, address]);
      if (rows.length > 0) await run(DROP_OLDEST, [account, address]);
    },
  };
}
