import { setTimeout as pause } from "node:timers/promises";
import { ApiError } from "../../core/api-error.ts";
import type { ChargeOutcome, HoldId } from "../../core/ports.ts";
import { unavailable, type Database, type Outcome } from "./database.ts";
import { SPENDING } from "./key-limits.ts";
import { TODAY } from "./migrations.ts";
import { SWEEP_ACCOUNT } from "./sweep.ts";

/**
 * Charges the holds $1, in their order. Locks the accounts' rows first, see {@link migrations}. Of each account's charges
 * the ledger has the numbers and balances as if they had come one after the other. `keyed`: some may be of API keys.
 */
const chargeSql = (keyed: boolean): string => `
WITH asked AS (
  SELECT id, account FROM chat_questions WHERE id = ANY($1::text[])
), account AS (
  SELECT id FROM chat_accounts WHERE id IN (SELECT account FROM asked) ORDER BY id FOR UPDATE
), question AS (
  UPDATE chat_questions q SET charged_at = now() FROM account
  WHERE q.id = ANY($1::text[]) AND q.account = account.id AND q.charged_at IS NULL AND q.expires > now()
  RETURNING q.id, q.account, q.price, q.model${keyed ? ", q.api_key" : ""}
), bill AS (
  SELECT account, count(*) AS questions, sum(price)::bigint AS price FROM question GROUP BY account
), balance AS (
  UPDATE chat_accounts a SET tokens = a.tokens - b.price, held = a.held - b.price
  FROM bill b WHERE a.id = b.account
  RETURNING a.id, a.tokens, a.held
), charged AS (
  SELECT q.id, q.account, q.price, q.model${keyed ? ", q.api_key" : ""}, b.tokens + q.later AS tokens, b.held + q.later AS held
  FROM (
    SELECT id, account, price, model${keyed ? ", api_key" : ""},
      (sum(price) OVER (PARTITION BY account ORDER BY array_position($1::text[], id) DESC) - price)::bigint AS later
    FROM question
  ) q JOIN balance b ON b.id = q.account
), entry AS (
  INSERT INTO chat_ledger (id, kind, account, at, tokens, balance, model${keyed ? ", api_key" : ""})
  SELECT id, 'charge', account, now(), -price, tokens, model${keyed ? ", api_key" : ""} FROM charged ORDER BY array_position($1::text[], id)
)${keyed ? SPENDING : ""}, day AS (
  INSERT INTO chat_usage AS u (account, day, questions, tokens)
  SELECT account, ${TODAY}, questions, price FROM bill
  ON CONFLICT (account, day) DO UPDATE SET questions = u.questions + excluded.questions, tokens = u.tokens + excluded.tokens
)
SELECT id, tokens, held, false AS locked FROM charged
UNION ALL
SELECT id, 0, 0, true FROM asked WHERE account NOT IN (SELECT id FROM account)`;

export const CHARGE = chargeSql(false);
export const CHARGE_KEYED = chargeSql(true);

/** Records the second answer of a charged key, which costs nothing. */
export const CHARGE_AGAIN = `
WITH account AS (
  SELECT a.id, a.tokens, a.held FROM chat_accounts a JOIN chat_questions q ON q.account = a.id
  WHERE q.again_id = $1 FOR UPDATE OF a
), question AS (
  UPDATE chat_questions q SET asked_again_at = now() FROM account
  WHERE q.again_id = $1 AND q.asked_again_at IS NULL AND q.again_expires > now()
  RETURNING q.account, q.again_api_key
), entry AS (
  INSERT INTO chat_ledger (id, kind, account, at, tokens, balance, api_key)
  SELECT $1, 'again', a.id, now(), 0, a.tokens, q.again_api_key FROM account a JOIN question q ON q.account = a.id
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

/** Sends {@link CHARGE} for one hold, perhaps together with others. */
type Charge = (timeout: number) => Promise<Outcome<HoldState>>;

/** `Ledger.charge`. Each statement takes effect once, so a retry after a lost response is safe. */
export async function charge(
  { run }: Pick<Database, "run">,
  id: HoldId,
  first: Charge = (timeout) => run(CHARGE_KEYED, [[id]], timeout),
): Promise<ChargeOutcome> {
  const end = performance.now() + CHARGE_TIMEOUT;
  let repeated = false;
  async function runRetrying(send: Charge): Promise<Outcome<HoldState>> {
    for (;;) {
      try {
        const outcome = await send(Math.max(0, end - performance.now()));
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
  const again: Charge = (timeout) => run(CHARGE_AGAIN, [id], timeout);
  for (const statement of [first, again]) {
    const { rows } = await runRetrying(statement);
    if (rows[0]) return charged(rows[0]);
    const state = (await runRetrying((timeout) => run(CHARGE_LOOK, [id], timeout))).rows[0];
    if (state?.charged) return charged(state);
    if (state) {
      // The hold has expired: free its tokens.
      await runRetrying((timeout) => run(SWEEP_ACCOUNT, [state.account], timeout));
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
