import type { AccountId } from "../../core/ports.ts";
import { StartupError } from "../../core/startup-error.ts";
import type { Copied, CopiedAccount, Entry } from "./side.ts";

/** Adds up the entries of a copy. */
export interface Tally {
  /** Adds an entry; returns the account's balance after it. */
  add(entry: Entry): number;
  /** Throws `StartupError` if the entries of an account do not add up to its balance. */
  check(accounts: CopiedAccount[]): void;
  copied(): Copied;
}

export function createTally(): Tally {
  const balances = new Map<AccountId, number>();
  let entries = 0;
  return {
    add({ account, tokens }) {
      const balance = (balances.get(account) ?? 0) + tokens;
      balances.set(account, balance);
      entries += 1;
      return balance;
    },
    check(accounts) {
      const wrong = accounts.find(({ id, tokens }) => (balances.get(id) ?? 0) !== tokens);
      if (wrong)
        throw differs(
          `the ledger entries of ${wrong.name} add up to ${balances.get(wrong.id) ?? 0}, but its balance is ${wrong.tokens}`,
        );
      if (balances.size > accounts.length)
        throw differs("the ledger has entries of an account that does not exist");
    },
    copied: () => ({
      accounts: balances.size,
      entries,
      tokens: [...balances.values()].reduce((sum, tokens) => sum + tokens, 0),
    }),
  };
}

/** Source and target differ. The caller must discard the copy. */
export const differs = (what: string): StartupError =>
  new StartupError(
    `The copy failed: ${what}.`,
    "The target is unchanged. Stop every server on both stores, then copy again. To check a data folder: ai-chat store check DIR",
  );
