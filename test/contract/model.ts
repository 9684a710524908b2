import type { TakeOutcome } from "../../src/server/core/operations.ts";
import type {
  AccountId,
  Balance,
  GrantOutcome,
  HoldOutcome,
  HoldRequest,
} from "../../src/server/core/ports.ts";

const DAY = 24 * 60 * 60 * 1000;

interface ModelHold extends HoldRequest {
  paid: boolean;
}

interface ModelApiKey {
  account: AccountId;
  name: string;
  /** Tokens a day. */
  limit: number;
  ended: boolean;
  charges: { at: number; price: number }[];
}

interface ModelKey {
  digest: string;
  cost: number;
  model: string | undefined;
  at: number;
  again: boolean;
}

interface ModelAccount {
  name: string;
  disabled: boolean;
  deleted: boolean;
  tokens: number;
  /** In questions. */
  spent: number;
  questions: number;
  keys: Map<string, ModelKey>;
}

type Done = { kind: "done" } | { kind: "repeated" } | { kind: "unknown" };

/** The ledger port said once more, as plainly as can be: everything is looked up anew, nothing is durable. */
export class Model {
  now: number;
  /** Whether charges name their model. From the first act of an operator, or a compaction, on they do. */
  models: boolean;
  readonly accounts = new Map<AccountId, ModelAccount>();
  /** Tokens of each, by account and id. */
  readonly grants = new Map<string, number>();
  /** What was asked for and what was taken, by account and id. */
  readonly takes = new Map<string, { asked: number; taken: number }>();
  /** By id, those that have ended included. */
  readonly apiKeys = new Map<string, ModelApiKey>();
  /** Open ones. */
  readonly holds = new Map<string, ModelHold>();
  /** Every hold that was asked for since the last restart, whatever became of it. */
  asked: string[] = [];
  readonly charged = new Set<string>();

  constructor(now: number, models: boolean) {
    this.now = now;
    this.models = models;
  }

  /** Drops what time has ended. */
  advance(ms: number): void {
    this.now += ms;
    for (const [id, hold] of this.holds) if (hold.expires <= this.now) this.holds.delete(id);
    for (const { keys } of this.accounts.values())
      for (const [key, { at }] of keys) if (at + DAY <= this.now) keys.delete(key);
  }

  account(id: AccountId): ModelAccount {
    const account = this.accounts.get(id);
    if (!account) throw new Error("The model has no such account.");
    return account;
  }

  balance(id: AccountId): Balance {
    const mine = [...this.holds.values()].filter((hold) => hold.account === id && !hold.paid);
    return {
      tokens: this.account(id).tokens,
      held: mine.reduce((sum, { price }) => sum + price, 0),
    };
  }

  create(id: AccountId, name: string, tokens: number): void {
    this.accounts.set(id, {
      name,
      tokens,
      disabled: false,
      deleted: false,
      spent: 0,
      questions: 0,
      keys: new Map(),
    });
  }

  /** The account of that name, in any case. */
  named(name: string): AccountId | undefined {
    return [...this.accounts].find(([, account]) => account.name.toLowerCase() === name.toLowerCase())?.[0];
  }

  grant(id: string, account: AccountId, tokens: number): GrantOutcome {
    if (this.account(account).deleted) return { kind: "unknown" };
    const slot = `${account} ${id}`;
    const given = this.grants.get(slot);
    if (this.takes.has(slot) || (given !== undefined && given !== tokens)) return { kind: "id_taken" };
    if (given !== undefined) return { kind: "repeated", balance: this.balance(account) };
    for (const other of this.accounts.keys())
      if (this.grants.has(`${other} ${id}`) || this.takes.has(`${other} ${id}`)) this.models = true;
    this.account(account).tokens += tokens;
    this.grants.set(slot, tokens);
    return { kind: "granted", balance: this.balance(account) };
  }

  take(id: string, account: AccountId, tokens: number): TakeOutcome {
    if (this.account(account).deleted) return { kind: "unknown" };
    const slot = `${account} ${id}`;
    const known = this.takes.get(slot);
    if (this.grants.has(slot) || (known && known.asked !== tokens)) return { kind: "id_taken" };
    if (known) return { kind: "repeated", taken: known.taken, balance: this.balance(account) };
    const before = this.balance(account);
    const taken = Math.min(tokens, before.tokens - before.held);
    this.models = true;
    this.account(account).tokens -= taken;
    this.takes.set(slot, { asked: tokens, taken });
    return { kind: "taken", taken, balance: this.balance(account) };
  }

  /** An act that changes what is as it should be is none. */
  act(account: AccountId, isAsItShould: boolean, change: (account: ModelAccount) => void): Done {
    if (this.account(account).deleted) return { kind: "unknown" };
    if (isAsItShould) return { kind: "repeated" };
    this.models = true;
    change(this.account(account));
    return { kind: "done" };
  }

  rename(account: AccountId, name: string): Done | { kind: "taken" } {
    const known = this.account(account);
    const other = this.named(name);
    if (!known.deleted && other !== undefined && other !== account) return { kind: "taken" };
    return this.act(account, known.name === name, () => (known.name = name));
  }

  createKey(id: string, account: AccountId, name: string, limit: number): "created" | "taken" | "unknown" {
    if (this.account(account).deleted) return "unknown";
    if (this.liveKeys(account).some(([, key]) => key.name.toLowerCase() === name.toLowerCase()))
      return "taken";
    this.models = true;
    this.apiKeys.set(id, { account, name, limit, ended: false, charges: [] });
    return "created";
  }

  revokeKey(id: string): "revoked" | "unknown" {
    const key = this.apiKeys.get(id);
    if (!key || key.ended || this.account(key.account).deleted) return "unknown";
    key.ended = true;
    return "revoked";
  }

  liveKeys(account: AccountId): [id: string, key: ModelApiKey][] {
    const { deleted } = this.account(account);
    return [...this.apiKeys].filter(([, key]) => key.account === account && !key.ended && !deleted);
  }

  /** Today. */
  spentBy({ charges }: ModelApiKey): number {
    const today = charges.filter(({ at }) => Math.floor(at / DAY) === Math.floor(this.now / DAY));
    return today.reduce((sum, { price }) => sum + price, 0);
  }

  /** Of 90 days and more. */
  useByKey(account: AccountId): Map<string | null, number> {
    const sums = new Map<string | null, number>();
    const { questions } = this.account(account);
    let byKeys = 0;
    for (const { account: own, name, charges } of this.apiKeys.values()) {
      if (own !== account || charges.length === 0) continue;
      sums.set(name, (sums.get(name) ?? 0) + charges.length);
      byKeys += charges.length;
    }
    return questions > byKeys ? sums.set(null, questions - byKeys) : sums;
  }

  hold(request: HoldRequest): HoldOutcome {
    const outcome = this.look(request);
    this.asked.push(request.id);
    if (outcome.kind === "held" || outcome.kind === "paid")
      this.holds.set(request.id, { ...request, paid: outcome.kind === "paid" });
    return outcome;
  }

  private look({ account, key, digest, price, apiKey }: HoldRequest): HoldOutcome {
    if (key !== undefined) {
      const open = [...this.holds.values()].find((hold) => hold.account === account && hold.key === key);
      const charged = this.account(account).keys.get(key);
      const known = open ?? charged;
      if (known && known.digest !== digest) return { kind: "key_reused" };
      if (open) return { kind: "in_flight" };
      if (charged) {
        const { again, cost, model } = charged;
        return { kind: again ? "answer_expired" : "paid", cost, model };
      }
    }
    const balance = this.balance(account);
    if (apiKey !== undefined) {
      const known = this.apiKeys.get(apiKey);
      if (!known || known.ended) return { kind: "key_ended" };
      const open = [...this.holds.values()].filter((hold) => hold.apiKey === apiKey && !hold.paid);
      const held = open.reduce((sum, hold) => sum + hold.price, 0);
      const { name, limit: tokens } = known;
      const ends = (Math.floor(this.now / DAY) + 1) * DAY;
      if (this.spentBy(known) + held + price > tokens)
        return { kind: "key_limit", name, limit: { tokens, per: "day" }, ends, balance };
    }
    if (balance.tokens < price) return { kind: "insufficient", balance };
    if (balance.tokens - balance.held < price) return { kind: "all_held", balance };
    return { kind: "held" };
  }

  charge(id: string): "charged" | "expired" {
    if (this.charged.has(id)) return "charged";
    const hold = this.holds.get(id);
    if (!hold) return "expired";
    this.holds.delete(id);
    this.charged.add(id);
    const account = this.account(hold.account);
    const key = hold.key === undefined ? undefined : account.keys.get(hold.key);
    if (hold.paid) {
      if (key) key.again = true;
      return "charged";
    }
    account.tokens -= hold.price;
    account.spent += hold.price;
    account.questions += 1;
    this.apiKeys.get(hold.apiKey ?? "")?.charges.push({ at: this.now, price: hold.price });
    if (hold.key !== undefined)
      account.keys.set(hold.key, {
        digest: hold.digest,
        cost: hold.price,
        model: this.models ? hold.model : undefined,
        at: this.now,
        again: false,
      });
    return "charged";
  }

  release(id: string): void {
    this.holds.delete(id);
  }

  /** `keepsHolds`: whether the store's holds outlive its process. */
  restart({ keepsHolds, compacts = false }: { keepsHolds: boolean; compacts?: boolean }): void {
    if (compacts) this.models = true;
    if (!keepsHolds) this.holds.clear();
    // A settled hold's outcome is promised to its own process only.
    this.asked = this.asked.filter((id) => this.holds.has(id));
    this.charged.clear();
  }
}
