import type { AccountId, Balance, ChargeOutcome, HoldId } from "../../core/ports.ts";

/** So many charged holds, or up to twice as many, are remembered, so that a second charge gets the same outcome. */
const REMEMBERED = 5_000;

/** A question in flight. */
export interface OpenHold {
  id: HoldId;
  account: AccountId;
  /** Tokens; 0 for a `paid` hold. */
  price: number;
  model: string;
  /** Milliseconds since the epoch. */
  expires: number;
  key: { slot: string; key: string; digest: string } | undefined;
  /** Id of the API key that asks. */
  apiKey: string | undefined;
  /** Its key was charged before: this charge takes nothing and is recorded as `again`. */
  paid: boolean;
  /** Set while it is being charged. */
  charging?: Promise<ChargeOutcome> | undefined;
}

/** The holds, in memory only: a kill ends them all without a charge. */
export interface Holds {
  open(hold: OpenHold): void;
  /** The hold, if it is open or being charged. */
  find(id: HoldId): OpenHold | undefined;
  /** Tokens in the account's open holds at `now`. Drops the holds that have expired. */
  held(account: AccountId, now: number): number;
  /** Tokens in the open holds of an API key. Some may have expired, unless `held` was called before in the same tick. */
  heldBy(apiKey: string): number;
  /** Tokens in all open holds at `now`. */
  heldByAll(now: number): number;
  /** The open hold on a key. It may have expired, unless `held` was called before in the same tick. */
  onKey(slot: string): OpenHold | undefined;
  /** Ends a hold, if it is open. */
  settle(id: HoldId): void;
  /** Keeps the balance after a charge for a while. */
  remember(id: HoldId, balance: Balance): void;
  /** The outcome of a charge that is remembered. */
  outcome(id: HoldId): ChargeOutcome | undefined;
}

interface AccountHolds {
  held: number;
  holds: Set<OpenHold>;
  /** No hold expires before this time, so that the search for expired ones is rare. */
  earliest: number;
}

/** See {@link Holds}; without any hold. */
export function createHolds(): Holds {
  const byId = new Map<HoldId, OpenHold>();
  const byKey = new Map<string, OpenHold>();
  const byAccount = new Map<AccountId, AccountHolds>();
  /** Tokens. */
  const byApiKey = new Map<string, number>();
  /** Two generations: taking the oldest out of a Map passes the places of all that were taken out before it. */
  let charged = new Map<HoldId, Balance>();
  let before = new Map<HoldId, Balance>();
  const chargedBalance = (id: HoldId) => charged.get(id) ?? before.get(id);

  function addToKey(apiKey: string, tokens: number): void {
    const held = (byApiKey.get(apiKey) ?? 0) + tokens;
    if (held === 0) byApiKey.delete(apiKey);
    else byApiKey.set(apiKey, held);
  }

  function remove(hold: OpenHold): void {
    byId.delete(hold.id);
    if (hold.key && byKey.get(hold.key.slot) === hold) byKey.delete(hold.key.slot);
    const mine = byAccount.get(hold.account);
    if (!mine?.holds.delete(hold)) return;
    mine.held -= hold.price;
    if (hold.apiKey !== undefined) addToKey(hold.apiKey, -hold.price);
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
      if (byId.has(hold.id) || chargedBalance(hold.id)) throw new Error("A hold's id was used twice.");
      const { account, price, expires } = hold;
      const mine = byAccount.get(account) ?? { held: 0, holds: new Set(), earliest: expires };
      mine.held += price;
      if (hold.apiKey !== undefined) addToKey(hold.apiKey, price);
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
    heldBy: (apiKey) => byApiKey.get(apiKey) ?? 0,
    heldByAll(now) {
      let tokens = 0;
      for (const { expires, charging, price } of byId.values())
        if (expires > now || charging) tokens += price;
      return tokens;
    },
    onKey: (slot) => byKey.get(slot),
    settle(id) {
      const hold = byId.get(id);
      if (hold) remove(hold);
    },
    remember(id, balance) {
      charged.set(id, balance);
      if (charged.size < REMEMBERED) return;
      before = charged;
      charged = new Map();
    },
    outcome(id) {
      const balance = chargedBalance(id);
      return balance && { kind: "charged", balance };
    },
  };
}
