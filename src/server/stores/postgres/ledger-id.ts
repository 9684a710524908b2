import type { ClientBase } from "pg";
import { OtherLedger, sqlState } from "./failures.ts";

/** The value of the setting named $1. */
export const READ_SETTING = "SELECT value FROM chat_settings WHERE name = $1";

/** Name of the setting that differs in every ledger. */
export const LEDGER_ID = "ledger_id";

/** No such table, no such schema, or no right to read it. */
const NO_LEDGER = new Set(["42P01", "3F000", "42501"]);

/**
 * Rejects with `OtherLedger` if this new connection leads to another ledger, or to none: a changed search_path takes
 * effect at once and without an error.
 */
export async function checkLedger(client: ClientBase, expected: string): Promise<void> {
  // If the connection breaks, the query fails too. Without a listener the event would end the process.
  const ignore = () => {};
  client.on("error", ignore);
  try {
    const { rows } = await client.query<{ value: string }>(READ_SETTING, [LEDGER_ID]);
    if (rows[0]?.value !== expected) throw new OtherLedger();
  } catch (error) {
    throw NO_LEDGER.has(sqlState(error) ?? "") ? new OtherLedger() : error;
  } finally {
    client.off("error", ignore);
  }
}
