import type { HoldId } from "../../core/ports.ts";
import type { Database } from "./database.ts";

/** A question that was not charged is gone, and its tokens are free. The account's row is locked first (see migrations). */
export const RELEASE = `
WITH account AS (
  SELECT a.id FROM chat_accounts a JOIN chat_questions q ON q.account = a.id WHERE q.id = $1 FOR UPDATE OF a
), gone AS (
  DELETE FROM chat_questions q USING account WHERE q.id = $1 AND q.charged_at IS NULL RETURNING q.account, q.price
)
UPDATE chat_accounts a SET held = a.held - g.price FROM gone g WHERE a.id = g.account
RETURNING a.id`;

/** The second asking of a charged key frees the key. */
const RELEASE_AGAIN = `
UPDATE chat_questions SET again_id = NULL, again_expires = NULL WHERE again_id = $1 AND asked_again_at IS NULL`;

/** The port's `release`. */
export async function release({ run }: Pick<Database, "run">, id: HoldId): Promise<void> {
  const { rows } = await run(RELEASE, [id]);
  if (rows.length === 0) await run(RELEASE_AGAIN, [id]);
}
