import { randomUUID } from "node:crypto";
import type { Account, HoldRequest } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import type { Place } from "./postgres.ts";

/** Long timeouts for a store, so that nothing times out on a busy machine. */
export const unhurried = { wait: 120_000, answer: 120_000 };

/** Creates an account, with a random name unless one is given. */
export async function createAccount(
  store: Store,
  tokens = 4000,
  name = `u${randomUUID()}`,
): Promise<Account> {
  const made = await store.accounts.create({ name, passwordHash: "$2b$", tokens });
  if (made.kind !== "created") throw new Error(made.kind);
  return made.account;
}

/** A question of 100 tokens that expires in two minutes by this machine's clock, unless `expires` is given. */
export const question = (account: Account, more: Partial<HoldRequest> = {}): HoldRequest => ({
  id: randomUUID(),
  account: account.id,
  digest: "digest",
  price: 100,
  model: "small",
  expires: Date.now() + 130_000,
  ...more,
});

/** Whether every account's tokens match its ledger, and its holds match its open questions. */
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
