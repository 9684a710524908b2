import { setTimeout as pause } from "node:timers/promises";
import { ApiError } from "../../core/api-error.ts";
import type { ChargeOutcome, HoldId } from "../../core/ports.ts";
import { unavailable, type Database, type Outcome } from "./database.ts";
import { TODAY } from "./migrations.ts";
import { SWEEP_ACCOUNT } from "./sweep.ts";

/** Charges a hold. Locks the account's row first, see {@link migrations}. */
export const CHARGE = `
WITH account AS (
  SELECT a.id FROM chat_accounts a JOIN chat_questions q ON q.account = a.id WHERE q.id = $1 FOR UPDATE OF a
), question AS (
  UPDATE chat_questions q SET charged_at = now() FROM account
  WHERE q.id = $1 AND q.charged_at IS NULL AND q.expires > now()
  RETURNING q.id, q.account, q.price
), balance AS (
  UPDATE chat_accounts a SET tokens = a.tokens - q.price, held = a.held - q.price
  FROM question q WHERE a.id = q.account
  RETURNING a.tokens, a.held
), entry AS (
  INSERT INTO chat_ledger (id, kind, account, at, tokens, balance)
  SELECT q.id, 'charge', q.account, now(), -q.price, b.tokens FROM question q CROSS JOIN balance b
), day AS (
  INSERT INTO chat_usage AS u (account, day, questions, tokens)
  SELECT q.account, ${TODAY}, 1, q.price FROM question q
  ON CONFLICT (account, day) DO UPDATE SET questions = u.questions + 1, tokens = u.tokens + excluded.tokens
)
SELECT tokens, held FROM balance`;

/** Records the second answer of a charged key, which costs nothing. */
export const CHARGE_AGAIN = `
WITH account AS (
  SELECT a.id, a.tokens, a.held FROM chat_accounts a JOIN chat_questions q ON q.account = a.id
  WHERE q.again_id = $1 FOR UPDATE OF a
), question AS (
  UPDATE chat_questions q SET asked_again_at = now() FROM account
  WHERE q.again_id = $1 AND q.asked_again_at IS NULL AND q.again_expires > now()
  RETURNING q.account
), entry AS (
  INSERT INTO chat_ledger (id, kind, account, at, tokens, balance)
  SELECT $1, 'again', a.id, now(), 0, a.tokens FROM account a JOIN question q ON q.account = a.id
)
SELECT a.tokens, a.held FROM account a JOIN question q ON q.account = a.id`;

/** Runs only when a charge changed nothing. Returns one row if the hold was charged before or is still open. */
export const CHARGE_LOOK = `
SELECT a.tokens, a.held, true AS charged, a.id AS account
FROM chat_ledger l JOIN chat_accounts a ON a.id = l.account WHERE l.id = $1 AND l.kind IN ('charge', 'again')
UNION ALL
SELECT 0, 0, false, q.account FROM chat_questions q WHERE q.id = $1 AND q.charged_at IS NULL`;

interface HoldState {
  tokens: string;
  held: string;
  charged: boolean;
  account: string;
}

/** Milliseconds for which a charge is retried: long enough for a restart of the database, while the answer waits. */
const CHARGE_TIMEOUT = 8_000;

/** `Ledger.charge`. Each statement takes effect once, so a retry after a lost response is safe. */
export async function charge({ run }: Pick<Database, "run">, id: HoldId): Promise<ChargeOutcome> {
  const end = performance.now() + CHARGE_TIMEOUT;
  let repeated = false;
  async function runRetrying<Row>(sql: string, values: unknown[]): Promise<Outcome<Row>> {
    for (;;) {
      try {
        const outcome = await run<Row>(sql, values, Math.max(0, end - performance.now()));
        repeated ||= outcome.repeated;
        return outcome;
      } catch (error) {
        // Not sent, for lack of a connection. New questions are refused then; this one has its answer, and retries.
        if (!isOverloaded(error)) throw error;
        // After a lost response the charge may exist: only `store_unavailable` says so.
        if (performance.now() >= end) throw repeated ? unavailable(error) : error;
        await pause(Math.random() * 100);
      }
    }
  }
  for (const statement of [CHARGE, CHARGE_AGAIN]) {
    const { rows } = await runRetrying<HoldState>(statement, [id]);
    if (rows[0]) return charged(rows[0]);
    const state = (await runRetrying<HoldState>(CHARGE_LOOK, [id])).rows[0];
    if (state?.charged) return charged(state);
    if (state) {
      // The hold has expired: free its tokens.
      await runRetrying(SWEEP_ACCOUNT, [state.account]);
      return { kind: "expired" };
    }
  }
  return { kind: "expired" };
}

const isOverloaded = (error: unknown) => error instanceof ApiError && error.code === "overloaded";

const charged = ({ tokens, held }: HoldState): ChargeOutcome => ({
  kind: "charged",
  balance: { tokens: Number(tokens), held: Number(held) },
});
