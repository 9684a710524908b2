import { KEY_LIFETIME_MS } from "../../../protocol/limits.ts";
import type { Admission, HoldOutcome, HoldRequest, Login } from "../../core/ports.ts";
import { noAccount } from "./accounts.ts";
import { unavailable, type Database } from "./database.ts";
import type { RunRow } from "./gather.ts";
import { overloaded } from "./lanes.ts";
import { byApiKey, HOLD_KEYED, holdKeyedSql, type KeyRefusal } from "./keyed-hold.ts";
import { HOLD_KEYED_ONE, HOLD_ONE, holdKeyedOneSql, holdOneSql } from "./one-row.ts";
import { REFILL_STATE, type PostgresRefills, type RefillState } from "./refills.ts";
import type { RowCall } from "./row-calls.ts";
import { SWEEP_ACCOUNT } from "./sweep.ts";

/**
 * Checks logins and balances, reserves prices and takes keys, in the order of the rows. $1 ids, $2 accounts, $3 keys,
 * $4 digests, $5 prices, $6 milliseconds to live, $7 and $8 generation and jti of the logins, or null, $9 models. A row that does not
 * fit, or whose key or id exists, takes no effect; if it comes before others of its account, those may take none either.
 * `only`: a condition for the accounts.
 */
const holdSql = (only = "true"): string => `
WITH asked AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::float8[], $7::bigint[], $8::text[], $9::text[])
    WITH ORDINALITY AS i (id, account, key, digest, price, life, generation, jti, model, place)
), account AS (
  SELECT a.id, a.name, a.tokens - a.held AS free, a.generation, a.disabled, ${only} AS fits FROM chat_accounts a
  WHERE a.id = ANY($2::text[]) ORDER BY a.id FOR UPDATE
), allowed AS (
  SELECT i.*, a.free, sum(i.price) OVER (PARTITION BY i.account ORDER BY i.place) AS needed
  FROM asked i JOIN account a ON a.id = i.account
  WHERE a.fits AND (i.jti IS NULL OR (a.generation = i.generation AND NOT a.disabled
    AND NOT EXISTS (SELECT FROM chat_revoked r WHERE r.account = i.account AND r.jti = i.jti)))
), question AS (
  INSERT INTO chat_questions (id, account, key, digest, price, model, expires)
  SELECT id, account, key, digest, price, model, now() + life * interval '1 millisecond' FROM allowed WHERE needed <= free
  ORDER BY place
  ON CONFLICT DO NOTHING
  RETURNING id, account, price
), reserved AS (
  UPDATE chat_accounts a SET held = a.held + q.price
  FROM (SELECT account, sum(price)::bigint AS price FROM question GROUP BY account) q
  WHERE a.id = q.account
)
SELECT i.id, a.name, a.id IS NULL AS locked
FROM asked i LEFT JOIN account a ON a.id = i.account LEFT JOIN question q ON q.id = i.id
WHERE q.id IS NOT NULL OR a.id IS NULL`;

export const HOLD = holdSql();

/**
 * Runs only when HOLD did not hold. Returns one row: the account and whether login $5 was revoked, the balance, how much of
 * `held` is expired, the state of the key.
 */
export const HOLD_LOOK = `
SELECT a.name, a.generation, a.disabled,
  EXISTS (SELECT FROM chat_revoked r WHERE r.account = a.id AND r.jti = $5) AS revoked,
  a.tokens, a.held,
  (SELECT coalesce(sum(o.price), 0) FROM chat_questions o
    WHERE o.account = a.id AND o.charged_at IS NULL AND o.expires <= now()) AS stale,
  k.id AS key_id, k.digest = $3 AS same, k.price AS cost, k.model,
  k.charged_at IS NOT NULL AS charged,
  k.charged_at <= now() - interval '${KEY_LIFETIME_MS} milliseconds' AS forgotten,
  k.expires <= now() AS expired,
  k.again_id IS NOT NULL AND k.again_id <> $4 AND k.asked_again_at IS NULL AND k.again_expires > now() AS being_asked_again,
  k.asked_again_at IS NOT NULL AS asked_again,
  m.charged_at IS NULL AND m.expires > now() AS mine, ${REFILL_STATE}
FROM chat_accounts a
LEFT JOIN chat_questions k ON k.account = a.id AND k.key = $2
LEFT JOIN chat_questions m ON m.account = a.id AND m.id = $4
WHERE a.id = $1`;

/** Takes a charged key for its second answer. $1: the charged question, $2: this hold, $4: its API key. */
export const ASK_AGAIN = `
UPDATE chat_questions
SET again_id = $2, again_expires = now() + $3::float8 * interval '1 millisecond', again_api_key = $4
WHERE id = $1 AND charged_at > now() - interval '${KEY_LIFETIME_MS} milliseconds' AND asked_again_at IS NULL
  AND (again_id IS NULL OR again_id = $2 OR again_expires <= now())
RETURNING id`;

/** Deletes an expired key, unless its second answer is in progress. */
const FORGET = `
DELETE FROM chat_questions
WHERE id = $1 AND charged_at <= now() - interval '${KEY_LIFETIME_MS} milliseconds'
  AND (again_id IS NULL OR asked_again_at IS NOT NULL OR again_expires <= now())`;

interface HoldState extends RefillState {
  name: string;
  generation: number;
  disabled: boolean;
  revoked: boolean;
  tokens: string;
  held: string;
  stale: string;
  key_id: string | null;
  same: boolean | null;
  cost: string | null;
  model: string | null;
  charged: boolean;
  forgotten: boolean | null;
  expired: boolean | null;
  being_asked_again: boolean | null;
  asked_again: boolean;
  mine: boolean | null;
}

/** Rounds in which another request changed the row between HOLD_LOOK and the next statement. */
const TRIES = 20;

interface Needs {
  run: Database["run"];
  runRow: RunRow;
  /** The clock of `HoldRequest.expires`. The hold itself expires by the database's clock. */
  now: () => number;
  refills: Pick<PostgresRefills, "nothingDue" | "pay" | "balanceOf">;
}

/** `Ledger.admit`, and `Ledger.hold` without a login. */
export async function hold(
  { run, runRow, now, refills }: Needs,
  request: HoldRequest,
  login?: Login | "api_key",
): Promise<Admission> {
  const { id, account, key = null, digest, price, model, expires, apiKey, limited } = request;
  const token = login === "api_key" ? undefined : login;
  const { generation = null, jti = null } = token ?? {};
  if (!Number.isSafeInteger(price) || price < 0) throw new RangeError("A price is a whole number of tokens.");
  if (token && apiKey !== undefined) throw new Error("A question has a login or an API key.");
  const life = () => Math.max(0, expires - now());
  const asker = apiKey === undefined ? [generation, jti] : [apiKey, login === undefined];
  const values = () => [account, key, digest, price, life(), ...asker, model];
  const { plain, unlessDue } = apiKey === undefined ? forTokens : forKeys;
  let repeated = false;
  // The condition may be false although nothing is due: it is asked for once.
  let statement = unlessDue(refills.nothingDue);
  /** After a lost response the hold may exist: only `store_unavailable` makes the caller release it. */
  function inDoubt(error: unknown): never {
    throw repeated ? unavailable(error) : error;
  }
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (!limited) {
      const row = { ...statement, id, account, values };
      const done = await runRow<{ name: string }>(row).catch(inDoubt);
      if (done.rows[0]) return admitted(done.rows[0], { kind: "held" });
      repeated ||= done.repeated;
    }
    const { rows } = await run<HoldState>(HOLD_LOOK, [account, key, digest, id, jti]).catch(inDoubt);
    const state = rows[0];
    if (!state && login) return { kind: "ended" };
    if (!state) throw noAccount();
    if (state.mine && repeated) return admitted(state, { kind: "held" });
    if (state.mine) throw new Error("A hold's id was used twice.");
    if (token && (state.revoked || state.generation !== generation)) return { kind: "ended" };
    const refused = apiKey === undefined ? undefined : await byApiKey({ run }, request).catch(inDoubt);
    if (login && refused === "ended") return { kind: "ended" };
    if (login && state.disabled) return { kind: "disabled" };
    if (statement !== plain) {
      statement = plain;
      if (await refills.pay(run, account, state).catch(inDoubt)) continue;
    }
    const outcome = state.key_id === null ? withoutKey(state, request, refills, refused) : byKey(state);
    if (outcome === "stale") await run(SWEEP_ACCOUNT, [account]);
    else if (outcome === "forgotten") await run(FORGET, [state.key_id]);
    else if (outcome?.kind === "paid") {
      const again = await run(ASK_AGAIN, [state.key_id, id, life(), apiKey ?? null]);
      if (again.rows.length > 0) return admitted(state, outcome);
    } else if (outcome) return admitted(state, outcome);
  }
  throw overloaded();
}

type Statement = Pick<RowCall, "sql" | "one">;

/** Statements by their condition for accounts. Operators change it rarely. */
function statements(plain: Statement, sql: (only: string) => string, one: (only: string) => string) {
  const made = new Map<string, Statement>();
  function unlessDue(nothingDue: string | undefined): Statement {
    if (nothingDue === undefined) return plain;
    const known = made.get(nothingDue) ?? { sql: sql(nothingDue), one: one(nothingDue) };
    made.set(nothingDue, known);
    return known;
  }
  return { plain, unlessDue };
}

const forTokens = statements({ sql: HOLD, one: HOLD_ONE }, holdSql, holdOneSql);
const forKeys = statements({ sql: HOLD_KEYED, one: HOLD_KEYED_ONE }, holdKeyedSql, holdKeyedOneSql);

const admitted = ({ name }: { name: string }, outcome: HoldOutcome): Admission => ({
  kind: "admitted",
  name,
  outcome,
});

/** What a stored key means for a new question (docs/http-api.md#idempotency), in that order. */
function byKey(state: HoldState): HoldOutcome | "stale" | "forgotten" {
  if (!state.charged && state.expired) return "stale";
  if (state.forgotten && !state.being_asked_again) return "forgotten";
  if (!state.same) return { kind: "key_reused" };
  if (!state.charged || state.being_asked_again) return { kind: "in_flight" };
  return {
    kind: state.asked_again ? "answer_expired" : "paid",
    cost: Number(state.cost),
    model: state.model ?? undefined,
  };
}

/** Why a new question is refused; undefined if it need not be by now. */
function withoutKey(
  state: HoldState,
  { price, limited }: HoldRequest,
  { balanceOf }: Needs["refills"],
  refused: KeyRefusal | "ended" | "stale" | undefined,
): HoldOutcome | "stale" | undefined {
  if (refused === "ended") return { kind: "key_ended" };
  if (limited) return { kind: "limited" };
  const stale = Number(state.stale);
  const balance = balanceOf({ tokens: Number(state.tokens), held: Number(state.held) - stale }, state);
  if (typeof refused === "object") return { kind: "key_limit", ...refused, balance };
  if (balance.tokens < price) return { kind: "insufficient", balance };
  if (balance.tokens - balance.held < price) return { kind: "all_held", balance };
  return stale > 0 || refused === "stale" ? "stale" : undefined;
}
