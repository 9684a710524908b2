import { ApiError } from "../../core/api-error.ts";
import type {
  AccountId,
  Admission,
  Balance,
  ChargeOutcome,
  HoldId,
  HoldRequest,
  Ledger,
  Login,
} from "../../core/ports.ts";
import { chargeInDoubt } from "../../core/store-unavailable.ts";
import { noAccount } from "./accounts.ts";
import { charge, CHARGE, CHARGE_KEYED } from "./charge.ts";
import { unavailable, type Database } from "./database.ts";
import { createGather, type RunRow } from "./gather.ts";
import { give } from "./grants.ts";
import { hold } from "./hold.ts";
import type { Lanes } from "./lanes.ts";
import { CHARGE_KEYED_ONE, CHARGE_ONE } from "./one-row.ts";
import { createRefills, REFILL_STATE, type PostgresRefills, type RefillState } from "./refills.ts";
import { release } from "./release.ts";
import type { Abandoned } from "./sweeper.ts";
import type { Tallied } from "./tally.ts";
import { USAGE, USAGE_BY_KEY, USAGE_BY_MODEL, usageOf, type NamedRow, type UsageRow } from "./usage.ts";

/** Without expired holds, which are still in `held` until the next sweep. */
export const BALANCE = `
SELECT a.tokens, a.held - (
  SELECT coalesce(sum(q.price), 0) FROM chat_questions q
  WHERE q.account = a.id AND q.charged_at IS NULL AND q.expires <= now()
) AS held, ${REFILL_STATE}
FROM chat_accounts a WHERE a.id = $1`;

/** The open holds of this server. */
export type OpenHolds = Map<HoldId, Pick<HoldRequest, "account" | "apiKey" | "expires" | "model" | "price">>;

/** Their tokens at `now`. */
export function heldIn(holds: OpenHolds, now: number): number {
  let tokens = 0;
  for (const { expires, price } of holds.values()) if (expires > now) tokens += price;
  return tokens;
}

/**
 * A `Ledger` in a database. Adds to `abandoned` the holds that could not be settled, and those that may exist because the
 * response to `hold` was lost. The sweeper releases them when the database answers again.
 */
export function createLedger({
  database,
  lanes,
  now,
  abandoned,
  runRow = createGather(database, { wait: 5_000, connections: 9 }),
  refills = createRefills({ run: database.run, warn: () => {} }),
  inFlight = new Map(),
}: {
  database: Tallied;
  lanes: Lanes;
  /** ms since the epoch, as in `HoldRequest.expires`. */
  now: () => number;
  abandoned: Abandoned;
  runRow?: RunRow;
  refills?: PostgresRefills;
  inFlight?: OpenHolds;
}): Required<Ledger> {
  const { run, tally } = database;
  const charging = new Map<HoldId, Promise<ChargeOutcome>>();

  async function balance(account: AccountId): Promise<Balance> {
    const read = async () => (await run<BalanceRow>(BALANCE, [account])).rows[0];
    let row = await read();
    if (row && (await refills.pay(inLane(account), account, row))) row = await read();
    if (!row) throw noAccount();
    return refills.balanceOf({ tokens: Number(row.tokens), held: Number(row.held) }, row);
  }

  const accountOf = (id: HoldId) => inFlight.get(id)?.account ?? id;
  /** Whether the hold may be one of an API key. */
  function mayBeKeyed(id: HoldId): boolean {
    const held = inFlight.get(id);
    return held === undefined || held.apiKey !== undefined;
  }
  /** `run` in the lane of an account. */
  const inLane =
    (account: AccountId): Database["run"] =>
    (...statement) =>
      lanes(account, () => run(...statement));

  async function admit(request: HoldRequest, login?: Login | "api_key"): Promise<Admission> {
    const { id, account, apiKey, expires, model, price } = request;
    try {
      const admission = await hold({ run: inLane(account), runRow, now, refills }, request, login);
      const outcome = admission.kind === "admitted" ? admission.outcome.kind : undefined;
      if (outcome === "held" || outcome === "paid")
        inFlight.set(id, { account, apiKey, expires, model, price: outcome === "held" ? price : 0 });
      return admission;
    } catch (error) {
      // If a response was lost, the hold may exist.
      if (isUnavailable(error)) abandoned.set(id, expires);
      throw error;
    }
  }

  async function settle(id: HoldId): Promise<ChargeOutcome> {
    const held = inFlight.get(id);
    const row = held && held.price > 0 ? ({ kind: "charge", id, model: held.model } as const) : undefined;
    try {
      const account = accountOf(id);
      const sql = mayBeKeyed(id) ? CHARGE_KEYED : CHARGE;
      const one = mayBeKeyed(id) ? CHARGE_KEYED_ONE : CHARGE_ONE;
      const outcome = await charge({ run: inLane(account) }, id, (timeout) =>
        runRow({ sql, one, id, account, values: () => [], timeout }),
      );
      inFlight.delete(id);
      if (held && row && outcome.kind === "charged") tally?.added(row, 0 - held.price);
      return outcome;
    } catch (error) {
      if (row) tally?.doubt(row, error);
      if (!(error instanceof ApiError)) throw error;
      // Nothing was sent.
      throw error.code === "overloaded" ? unavailable(error) : chargeInDoubt(error.cause);
    } finally {
      charging.delete(id);
    }
  }

  return {
    balance,

    async grant({ account, tokens, by = null, ...asked }) {
      if (!Number.isSafeInteger(tokens) || tokens <= 0)
        throw new RangeError("A grant is a positive whole number of tokens.");
      const given = await lanes(account, () => give(database, "grant", { account, tokens, by, ...asked }));
      if (given.kind === "id_taken" || given.kind === "unknown") return { kind: given.kind };
      const kind = ({ made: "granted", repeated: "repeated", none: "too_many" } as const)[given.kind];
      return { kind, balance: await balance(account) };
    },

    admit: (login, request) => admit(request, login),

    async hold(request) {
      const admission = await admit(request);
      if (admission.kind !== "admitted") throw new Error("A hold without a login was refused for its login.");
      return admission.outcome;
    },

    charge(id) {
      const settled = charging.get(id) ?? settle(id);
      charging.set(id, settled);
      return settled;
    },

    async release(id) {
      if (charging.has(id)) return;
      try {
        await release({ run: inLane(accountOf(id)) }, id, mayBeKeyed(id));
      } catch (error) {
        const held = inFlight.get(id);
        if (held) abandoned.set(id, held.expires);
        throw error;
      } finally {
        inFlight.delete(id);
      }
    },

    async usage(account, days) {
      const { rows } = await run<UsageRow>(USAGE, [account, days]);
      return usageOf(rows, days);
    },

    async usageBy(account, days, by) {
      const { rows } = await run<NamedRow>(by === "key" ? USAGE_BY_KEY : USAGE_BY_MODEL, [account, days]);
      return rows.map(({ name, questions, tokens }) => ({
        name,
        questions: Number(questions),
        tokens: Number(tokens),
      }));
    },
  };
}

interface BalanceRow extends RefillState {
  tokens: string;
  held: string;
}

const isUnavailable = (error: unknown) => error instanceof ApiError && error.code === "store_unavailable";
