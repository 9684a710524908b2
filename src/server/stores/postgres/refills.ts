import type { RefillSetting, RefillWish } from "../../../protocol/refill.ts";
import type { AccountId, Balance } from "../../core/ports.ts";
import {
  dueRefill,
  lastStarts,
  nextRefill,
  refillReason,
  unpaidPeriods,
  type Refillable,
  type Refills,
  type Unpaid,
} from "../../core/refill.ts";
import type { Database } from "./database.ts";
import { storeRefills } from "./refill-settings.ts";
import type { Tallied } from "./tally.ts";

/** SQL for a time as whole milliseconds since the epoch. */
const ms = (time: string) => `floor(extract(epoch FROM ${time}) * 1000)::bigint`;

const REFILLED = `coalesce(${ms("a.refilled")}, 0)`;

/** What decides about the refill of the account `a`; see {@link RefillState}. */
export const REFILL_STATE = `
  ${ms("a.created_at")} AS created, ${REFILLED} AS refilled, ${ms("now()")} AS now, a.disabled AS unpayable`;

/** `unpayable`: the account is disabled, or was deleted. */
export interface RefillState {
  created: string;
  refilled: string;
  now: string;
  unpayable: boolean;
}

/**
 * Pays account $1 the periods up to $3, whose start is $4, if nobody has since it was read: its `refilled` is still $2. $5 and
 * $6 are tokens and cap of each part, in their order; $7 the reason. A repetition changes nothing.
 */
export const REFILL = `
WITH RECURSIVE account AS (
  SELECT a.id, a.tokens FROM chat_accounts a
  WHERE a.id = $1 AND NOT a.disabled AND ${REFILLED} = $2::bigint FOR UPDATE
), part (place, tokens) AS (
  SELECT 1, tokens FROM account
  UNION ALL
  SELECT place + 1, greatest(tokens, least(($6::bigint[])[place], tokens + ($5::bigint[])[place]))
  FROM part WHERE place <= cardinality($5::bigint[])
), filled AS (
  SELECT a.id, p.tokens, p.tokens - a.tokens AS added FROM account a CROSS JOIN part p
  WHERE p.place > cardinality($5::bigint[])
), entry AS (
  INSERT INTO chat_ledger (id, kind, account, at, tokens, balance, reason)
  SELECT id || ' ' || $3, 'grant', id, now(), added, tokens, $7 FROM filled
  ON CONFLICT (id, kind) DO NOTHING
  RETURNING tokens
)
UPDATE chat_accounts a SET refilled = to_timestamp($4::float8 / 1000),
  tokens = a.tokens + coalesce((SELECT tokens FROM entry), 0), granted = a.granted + coalesce((SELECT tokens FROM entry), 0)
FROM filled f WHERE a.id = f.id
RETURNING coalesce((SELECT tokens FROM entry), 0) AS added`;

/** The refills that a server pays, by the clock of the database. */
export interface PostgresRefills {
  /** From now on these, and stores the change. Warns if other servers have others. One call waits for the other. */
  set(setting: RefillWish): Promise<void>;
  /** The present one; undefined without refills. */
  readonly setting: RefillSetting | undefined;
  /** SQL that is true if nothing is due to the account `a` now; undefined without refills. It may be false though nothing is. */
  readonly nothingDue: string | undefined;
  /** Pays what is due to the account. False if nothing is. */
  pay(run: Database["run"], account: AccountId, state: RefillState): Promise<boolean>;
  /** With what the account gets next. */
  balanceOf(balance: Balance, state: RefillState): Balance;
}

/** See {@link PostgresRefills}; none until they are set. */
export function createRefills({
  run,
  warn,
  tally,
}: Tallied & {
  warn: (sentence: string) => void;
}): PostgresRefills {
  let refills: Refills = [];
  let nothingDue: string | undefined;
  /** The call of `set` that ends last. */
  let last = Promise.resolve();

  async function setAfter(earlier: Promise<void>, setting: RefillWish): Promise<void> {
    await earlier.catch(() => {});
    refills = await storeRefills({ run, warn }, setting);
    nothingDue = nothingDueOf(refills);
  }

  async function pay(
    run: Database["run"],
    account: AccountId,
    refilled: number,
    unpaid: Unpaid,
  ): Promise<void> {
    const { id, start, parts } = unpaid;
    const row = { kind: "grant", id: `${account} ${id}` } as const;
    const amounts = parts.map(({ tokens }) => tokens);
    const caps = parts.map(({ cap }) => cap);
    try {
      const values = [account, refilled, id, start, amounts, caps, refillReason(id)];
      const { rows, repeated } = await run<{ added: string }>(REFILL, values);
      if (rows[0]) tally?.added(row, Number(rows[0].added));
      else if (repeated) tally?.doubt(row);
    } catch (error) {
      tally?.doubt(row, error);
      throw error;
    }
  }

  return {
    set(setting) {
      last = setAfter(last, setting);
      return last;
    },
    get setting() {
      return refills.at(-1);
    },
    get nothingDue() {
      return nothingDue;
    },
    async pay(run, account, state) {
      const { created, refilled, now } = times(state);
      const unpaid = state.unpayable ? undefined : unpaidPeriods(refills, { created, refilled }, now);
      if (!unpaid) return false;
      await pay(run, account, refilled, unpaid);
      return true;
    },
    balanceOf(balance, state) {
      if (state.unpayable) return balance;
      const { now, ...account } = times(state);
      const next = nextRefill(refills, { ...account, tokens: balance.tokens }, now);
      return next ? { ...balance, next } : balance;
    },
  };
}

const times = ({ created, refilled, now }: RefillState): Omit<Refillable, "tokens"> & { now: number } => ({
  created: Number(created),
  refilled: Number(refilled),
  now: Number(now),
});

/** Tokens that are due to an account. */
export function dueOf(refills: Refills, state: RefillState, tokens: number): number {
  const { now, ...account } = times(state);
  return (state.unpayable ? undefined : dueRefill(refills, { ...account, tokens }, now)?.tokens) ?? 0;
}

function nothingDueOf(refills: Refills): string | undefined {
  const last = lastStarts(refills);
  if (!last) return undefined;
  const start = `date_trunc('${last.period}', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'`;
  const time = (at: number) => `to_timestamp(${at}::float8 / 1000)`;
  return `greatest(a.refilled, a.created_at) >=
    CASE WHEN ${start} > ${time(last.at)} THEN ${start} ELSE ${time(last.before)} END`;
}
