import type {
  AccountId,
  Balance,
  ChargeOutcome,
  Grant,
  GrantOutcome,
  HoldOutcome,
  HoldRequest,
  Ledger,
} from "../../core/ports.ts";
import { chargedKey, slot, type AccountBook, type Books } from "./books.ts";
import type { Committer, Deed } from "./committer.ts";
import type { Event } from "./facts.ts";
import { createHolds, type OpenHold } from "./holds.ts";

/**
 * The port `Ledger` over books in memory and a committer. Each deed checks and reserves in the tick in which it is
 * called; what it writes is entered, and its reservation given up, in the tick in which it has become durable.
 */
export function createLedger({
  books,
  committer,
  assertTakes,
  now,
}: {
  books: Books;
  committer: Committer;
  /** Throws `store_unavailable` where no write can be taken. */
  assertTakes: () => void;
  now: () => number;
}): Ledger {
  const holds = createHolds();
  /** Grants that are being written. */
  const granting = new Map<string, Promise<unknown>>();

  function bookOf(account: AccountId): AccountBook {
    const book = books.accounts.get(account);
    if (!book) throw new Error("No account has this id.");
    return book;
  }

  const balanceOf = ({ id, tokens }: AccountBook): Balance => ({ tokens, held: holds.held(id, now()) });

  async function grant(asked: Grant): Promise<GrantOutcome> {
    const { id, account, tokens, reason } = asked;
    if (!Number.isSafeInteger(tokens) || tokens <= 0)
      throw new RangeError("A grant is a positive whole number of tokens.");
    const book = bookOf(account);
    // Whether its id is taken is known once the other grant is durable, or has failed.
    for (let other = granting.get(id); other; other = granting.get(id)) await other.catch(() => undefined);
    const given = books.grants.get(id);
    if (given && (given.account !== account || given.tokens !== tokens)) return { kind: "id_taken" };
    if (given) return { kind: "repeated", balance: balanceOf(book) };
    const granted = committer.commit<GrantOutcome>({
      account,
      name: book.name,
      event: (before) => {
        if (!Number.isSafeInteger(before.tokens + tokens)) throw new TooMany();
        return { fact: "grant", id, tokens, reason };
      },
      done: () => {
        granting.delete(id);
        return { kind: "granted", balance: balanceOf(book) };
      },
      undone: () => granting.delete(id),
    });
    granting.set(id, granted);
    return granted.catch((error: unknown) => {
      if (error instanceof TooMany) return { kind: "too_many", balance: balanceOf(book) };
      throw error;
    });
  }

  function hold(request: HoldRequest): HoldOutcome {
    const { id, account, digest, price, expires } = request;
    if (!Number.isSafeInteger(price) || price < 0)
      throw new RangeError("A price is a whole number of tokens.");
    const book = bookOf(account);
    const balance = balanceOf(book);
    const place = request.key === undefined ? undefined : slot(account, request.key);
    const key = place === undefined ? undefined : { slot: place, key: request.key ?? "", digest };
    const known = key && onKey(key.slot, digest);
    if (known && known.kind !== "paid") return known;
    // What was paid may be told again from memory, for which nothing has to be written.
    if (!known) assertTakes();
    if (!known && balance.tokens < price) return { kind: "insufficient", balance };
    if (!known && balance.tokens - balance.held < price) return { kind: "all_held", balance };
    holds.open({ id, account, price: known ? 0 : price, expires, key, paid: Boolean(known) });
    return known ?? { kind: "held" };
  }

  /** What a key that is known means for a new question (API.md §2), in that order. */
  function onKey(place: string, digest: string): HoldOutcome | undefined {
    const open = holds.onKey(place);
    const charged = chargedKey(books, place, now());
    const first = open?.key ?? charged;
    if (!first) return undefined;
    if (first.digest !== digest) return { kind: "key_reused" };
    if (open) return { kind: "in_flight" };
    return charged?.again ? { kind: "answer_expired" } : { kind: "paid" };
  }

  function charge(id: string): Promise<ChargeOutcome> {
    const hold = holds.find(id);
    if (!hold) return Promise.resolve(holds.outcome(id) ?? { kind: "expired" });
    if (hold.charging) return hold.charging;
    if (hold.expires <= now()) {
      holds.settle(hold);
      return Promise.resolve({ kind: "expired" });
    }
    assertTakes();
    const book = bookOf(hold.account);
    if (hold.paid && hold.key && !chargedKey(books, hold.key.slot, now())) {
      // Its day ended while it was answered: nobody remembers the key, so nothing is left to be used up.
      return Promise.resolve(charged(hold, book));
    }
    hold.charging = committer.commit(chargeDeed(hold, book));
    return hold.charging;
  }

  function chargeDeed(hold: OpenHold, book: AccountBook): Deed<ChargeOutcome> {
    return {
      account: hold.account,
      name: book.name,
      event: () => chargeEvent(hold),
      done: () => charged(hold, book),
      undone: () => {
        hold.charging = undefined;
      },
    };
  }

  function charged(hold: OpenHold, book: AccountBook): ChargeOutcome {
    holds.settle(hold);
    const outcome: ChargeOutcome = { kind: "charged", balance: balanceOf(book) };
    holds.remember(hold.id, outcome);
    return outcome;
  }

  return {
    balance: async (account) => balanceOf(bookOf(account)),
    grant,
    hold: async (request) => hold(request),
    charge: async (id) => charge(id),
    async release(id) {
      const hold = holds.find(id);
      if (hold && !hold.charging) holds.settle(hold);
    },
    usage: async (account, days) => bookOf(account).usage.last(days, now()),
  };
}

/** The balance would no longer be a whole number that is exact. */
class TooMany extends Error {}

function chargeEvent({ id, price, paid, key }: OpenHold): Event {
  if (paid && key) return { fact: "again", id, tokens: 0, key: key.key, digest: key.digest };
  const charge = { fact: "charge" as const, id, tokens: -price };
  return key ? { ...charge, key: key.key, digest: key.digest } : charge;
}
