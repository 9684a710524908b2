import { setTimeout as pause } from "node:timers/promises";
import { ApiError } from "../../core/api-error.ts";
import type { ChargeOutcome, HoldId } from "../../core/ports.ts";
import type { Database, Outcome } from "./database.ts";
import { TODAY } from "./migrations.ts";
import { SWEEP_ACCOUNT } from "./sweep.ts";

/** The usual way, in one statement. The account's row is locked first (see migrations). */
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

/** The second answer of a charged key. */
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

/** What the ledger and the question say about a hold that could not be charged. */
export const CHARGE_LOOK = `
SELECT a.tokens, a.held, true AS charged, a.id AS account
FROM chat_ledger l JOIN chat_accounts a ON a.id = l.account WHERE l.id = $1 AND l.kind IN ('charge', 'again')
UNION ALL
SELECT 0, 0, false, q.account FROM chat_questions q WHERE q.id = $1 AND q.charged_at IS NULL`;

interface Look {
  tokens: string;
  held: string;
  charged: boolean;
  account: string;
}

/** ms for which a charge is tried: an answer is waiting for it, and a database that restarts is back by then. */
const CHARGE_PATIENCE = 8_000;

/** The port's `charge`. After a lost answer the same statements say what is true: each takes effect once. */
export async function charge({ run }: Pick<Database, "run">, id: HoldId): Promise<ChargeOutcome> {
  const end = performance.now() + CHARGE_PATIENCE;
  async function still<Row>(sql: string, values: unknown[]): Promise<Outcome<Row>> {
    for (;;) {
      try {
        return await run<Row>(sql, values, Math.max(0, end - performance.now()));
      } catch (error) {
        // Without a connection it was never sent: new questions are refused then, one with its answer waits on.
        if (!isOverloaded(error) || performance.now() >= end) throw error;
        await pause(Math.random() * 100);
      }
    }
  }
  for (const statement of [CHARGE, CHARGE_AGAIN]) {
    const { rows } = await still<Look>(statement, [id]);
    if (rows[0]) return charged(rows[0]);
    const told = await still<Look>(CHARGE_LOOK, [id]);
    const look = told.rows[0];
    if (look?.charged) return charged(look);
    if (look) {
      // Its time is over; the tokens are free from now on.
      await still(SWEEP_ACCOUNT, [look.account]);
      return { kind: "expired" };
    }
  }
  return { kind: "expired" };
}

const isOverloaded = (error: unknown) => error instanceof ApiError && error.code === "overloaded";

const charged = ({ tokens, held }: Look): ChargeOutcome => ({
  kind: "charged",
  balance: { tokens: Number(tokens), held: Number(held) },
});
