import type { AccountId, ChargeOutcome, HoldId } from "../../core/ports.ts";

/** Outcomes of charged holds that are remembered, so that a second charge gets the same. */
const OUTCOMES = 10_000;

/** A question in flight. */
export interface OpenHold {
  id: HoldId;
  account: AccountId;
  /** Tokens that it holds: 0 for a `paid` one. */
  price: number;
  /** ms since the epoch. */
  expires: number;
  key: { slot: string; key: string; digest: string } | undefined;
  /** Its key was charged before: the charge is "asked again", and free. */
  paid: boolean;
  /** The charge that is under way. */
  charging?: Promise<ChargeOutcome> | undefined;
}

/** The holds in memory. A killed server has charged nobody for an answer that it never gave. */
export interface Holds {
  open(hold: OpenHold): void;
  /** The hold if it is open, its charge under way or not. */
  find(id: HoldId): OpenHold | undefined;
  /** Tokens that the account's open holds hold at `now`; those that have expired are dropped. */
  held(account: AccountId, now: number): number;
  /** The open hold on a key. Only after `held` it is sure not to be an expired one. */
  onKey(slot: string): OpenHold | undefined;
  /** Ends a hold. */
  settle(hold: OpenHold): void;
  /** Keeps the outcome of a charge for a while. */
  remember(id: HoldId, outcome: ChargeOutcome): void;
  outcome(id: HoldId): ChargeOutcome | undefined;
}

interface AccountHolds {
  held: number;
  holds: Set<OpenHold>;
  /** No hold expires before this: so that looking for expired ones is rare. */
  earliest: number;
}

/** Without any hold. */
export function createHolds(): Holds {
  const byId = new Map<HoldId, OpenHold>();
  const byKey = new Map<string, OpenHold>();
  const byAccount = new Map<AccountId, AccountHolds>();
  const outcomes = new Map<HoldId, ChargeOutcome>();

  function remove(hold: OpenHold): void {
    byId.delete(hold.id);
    if (hold.key && byKey.get(hold.key.slot) === hold) byKey.delete(hold.key.slot);
    const mine = byAccount.get(hold.account);
    if (!mine?.holds.delete(hold)) return;
    mine.held -= hold.price;
    if (mine.holds.size === 0) byAccount.delete(hold.account);
  }

  function dropExpired(mine: AccountHolds, now: number): void {
    mine.earliest = Number.POSITIVE_INFINITY;
    for (const hold of mine.holds) {
      if (hold.expires <= now && !hold.charging) remove(hold);
      else mine.earliest = Math.min(mine.earliest, hold.expires);
    }
  }

  return {
    open(hold) {
      if (byId.has(hold.id) || outcomes.has(hold.id)) throw new Error("A hold's id was used twice.");
      const { account, price, expires } = hold;
      const mine = byAccount.get(account) ?? { held: 0, holds: new Set(), earliest: expires };
      mine.held += price;
      mine.holds.add(hold);
      mine.earliest = Math.min(mine.earliest, expires);
      byAccount.set(account, mine);
      byId.set(hold.id, hold);
      if (hold.key) byKey.set(hold.key.slot, hold);
    },
    find: (id) => byId.get(id),
    held(account, now) {
      const mine = byAccount.get(account);
      if (!mine) return 0;
      if (mine.earliest <= now) dropExpired(mine, now);
      return mine.held;
    },
    onKey: (slot) => byKey.get(slot),
    settle: remove,
    remember(id, outcome) {
      outcomes.set(id, outcome);
      if (outcomes.size <= OUTCOMES) return;
      const oldest = outcomes.keys().next();
      if (!oldest.done) outcomes.delete(oldest.value);
    },
    outcome: (id) => outcomes.get(id),
  };
}
