import type { AccountId } from "../../core/ports.ts";

/** A grant or a take that was made; its account never uses its id for another one. */
export interface GivenGrant {
  id: string;
  account: AccountId;
  /** What it added to the balance. */
  tokens: number;
  /** Of a take: the tokens that it was to take. */
  asked?: number;
}

/** Grants and takes by account and id. */
export interface Grants {
  add(grant: GivenGrant): void;
  of(account: AccountId, id: string): GivenGrant | undefined;
  /** Whether any account has one with this id. */
  has(id: string): boolean;
  all(): Iterable<GivenGrant>;
}

/** See {@link Grants}; without any. */
export function createGrants(): Grants {
  // By id for the first account that gets it, by account and id for the others: almost every id is of one account.
  const first = new Map<string, GivenGrant>();
  const others = new Map<string, GivenGrant>();
  const slot = (account: AccountId, id: string) => `${account} ${id}`;
  return {
    add(grant) {
      if (first.has(grant.id)) others.set(slot(grant.account, grant.id), grant);
      else first.set(grant.id, grant);
    },
    of(account, id) {
      const found = first.get(id);
      return found === undefined || found.account === account ? found : others.get(slot(account, id));
    },
    has: (id) => first.has(id),
    *all() {
      yield* first.values();
      yield* others.values();
    },
  };
}
