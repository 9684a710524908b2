import type { AccountId } from "../../core/ports.ts";
import { StartupError } from "../../core/startup-error.ts";
import type { Copied, CopiedAccount, Entry } from "./side.ts";

/** Adds up entries on their way from one store to another. */
export interface Tally {
  /** Counts an entry; the account's balance after it. */
  add(entry: Entry): number;
  /** Throws `StartupError` where an account does not come to what it should. */
  check(accounts: CopiedAccount[]): void;
  copied(): Copied;
}

/** With nothing added. */
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
          `the ledger of ${wrong.name} comes to ${balances.get(wrong.id) ?? 0}, its balance is ${wrong.tokens}`,
        );
      if (balances.size > accounts.length) throw differs("the ledger names an account that does not exist");
    },
    copied: () => ({
      accounts: balances.size,
      entries,
      tokens: [...balances.values()].reduce((sum, tokens) => sum + tokens, 0),
    }),
  };
}

/** The two sides don't agree: nothing was kept. */
export const differs = (what: string): StartupError =>
  new StartupError(
    `The copy was given up: ${what}.`,
    "Nothing was kept of it. Stop every server on both stores, then copy again. To check a data folder: ai-chat store check DIR",
  );
