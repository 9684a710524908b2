import { randomUUID } from "node:crypto";
import type { Account, HoldRequest, Store } from "../../src/server/core/ports.ts";
import type { Place } from "./postgres.ts";

/** For a store on a busy machine: nobody waits in vain for a turn, a connection or an answer that does come. */
export const unhurried = { wait: 120_000, answer: 120_000 };

/** An account, named by chance unless it is given a name. */
export async function createAccount(
  store: Store,
  tokens = 4000,
  name = `u${randomUUID()}`,
): Promise<Account> {
  const made = await store.accounts.create({ name, passwordHash: "$2b$", tokens });
  if (made.kind !== "created") throw new Error(made.kind);
  return made.account;
}

/** A question of 100 tokens that has two minutes, by the clock of this machine unless `expires` says otherwise. */
export const question = (account: Account, more: Partial<HoldRequest> = {}): HoldRequest => ({
  id: randomUUID(),
  account: account.id,
  digest: "digest",
  price: 100,
  expires: Date.now() + 130_000,
  ...more,
});

/** Whether every account's tokens are what its ledger says, and its holds what its open questions hold. */
export async function balanced(place: Pick<Place, "query">): Promise<boolean> {
  const wrong = await place.query(
    `SELECT id FROM chat_accounts a
     WHERE tokens <> (SELECT coalesce(sum(tokens), 0) FROM chat_ledger WHERE account = a.id)
        OR held <> (SELECT coalesce(sum(price), 0) FROM chat_questions WHERE account = a.id AND charged_at IS NULL)
        OR (SELECT coalesce(sum(tokens), 0) FROM chat_usage WHERE account = a.id)
           <> (SELECT coalesce(-sum(tokens), 0) FROM chat_ledger WHERE account = a.id AND kind = 'charge')`,
  );
  return wrong.length === 0;
}
