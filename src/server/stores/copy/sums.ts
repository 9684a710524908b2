import { pseudonymOf } from "../../core/operations.ts";
import type { AccountId } from "../../core/ports.ts";
import { StartupError } from "../../core/startup-error.ts";
import type { Copied, CopiedAccount, Entry } from "./side.ts";

/** Adds up the entries of a copy. */
export interface Sums {
  /** Adds an entry; returns the account's balance after it. */
  add(entry: Entry): number;
  /** What else an account's entries say. */
  of(account: AccountId): AccountSums;
  /** Throws `StartupError` if the entries of an account do not add up to its balance. */
  check(accounts: CopiedAccount[]): void;
  copied(): Copied;
}

/** Times in milliseconds since the epoch. */
interface AccountSums {
  balance: number;
  /** Of all entries that are no charges. */
  granted: number;
  created: number | null;
  deleted: number | null;
  /** As the last entry about it left it. */
  disabled: boolean;
}

export function createSums(): Sums {
  const accounts = new Map<AccountId, AccountSums>();
  let entries = 0;

  function of(account: AccountId): AccountSums {
    const known = accounts.get(account);
    if (known) return known;
    const fresh = { balance: 0, granted: 0, created: null, deleted: null, disabled: false };
    accounts.set(account, fresh);
    return fresh;
  }

  return {
    of,
    add({ account, kind, at, tokens }) {
      const sums = of(account);
      sums.balance += tokens;
      if (kind !== "charge") sums.granted += tokens;
      if (kind === "account") sums.created = at;
      if (kind === "deleted") sums.deleted = at;
      if (kind === "disabled" || kind === "deleted") sums.disabled = true;
      if (kind === "enabled") sums.disabled = false;
      entries += 1;
      return sums.balance;
    },
    check(all) {
      const wrong = all.find(({ id, tokens }) => of(id).balance !== tokens);
      if (wrong)
        throw differs(
          `the ledger entries of ${wrong.name} add up to ${of(wrong.id).balance}, but its balance is ${wrong.tokens}`,
        );
      if (accounts.size > all.length)
        throw differs("the ledger has entries of an account that does not exist");
    },
    copied: () => ({
      accounts: accounts.size,
      entries,
      tokens: [...accounts.values()].reduce((sum, { balance }) => sum + balance, 0),
    }),
  };
}

/** Source and target differ. The caller must discard the copy. */
export const differs = (what: string): StartupError =>
  new StartupError(
    `The copy failed: ${what}.`,
    "The target is unchanged. Stop every server on both stores, then copy again. The command store check DIR checks a data folder.",
  );

/** The ids of deleted accounts. */
export const deletedOf = (accounts: CopiedAccount[]): ReadonlySet<AccountId> =>
  new Set(accounts.filter(({ id, name }) => name === pseudonymOf(id)).map(({ id }) => id));
