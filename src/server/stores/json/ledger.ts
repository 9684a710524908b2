import type {
  Balance,
  ChargeOutcome,
  Grant,
  GrantOutcome,
  HoldId,
  HoldOutcome,
  HoldRequest,
  Ledger,
} from "../../core/ports.ts";
import { periodAt } from "../../core/refill.ts";
import { spentOf, useByKey } from "./api-key-books.ts";
import { bookOf, type AccountBook, type Books } from "./books.ts";
import { chargedKey, slot } from "./kept.ts";
import type { Committer } from "./committer.ts";
import { DoesNotFollow } from "./form-batch.ts";
import type { Event } from "./facts.ts";
import type { Holds, OpenHold } from "./holds.ts";
import type { JsonRefills } from "./refills.ts";
import type { NameFeature } from "./name-feature.ts";
import type { InTurn } from "./turns.ts";

/**
 * The port `Ledger` over books and holds in memory and a committer. Each call checks and reserves in its first tick, or in
 * one after a refill that was due. The committer posts what it writes, and settles its hold, in the tick in which that has
 * become durable.
 */
export function createLedger({
  books,
  holds,
  committer,
  now,
  nameFeature,
  turns,
  refills,
}: {
  books: Books;
  holds: Holds;
  committer: Committer;
  now: () => number;
  nameFeature: NameFeature;
  /** By account for acts; by account and id for grants and takes. */
  turns: InTurn;
  refills: JsonRefills;
}): Ledger {
  /** Ids of grants that are being written, and that no account had before. */
  const giving = new Set<string>();

  const balanceOf = ({ id, tokens }: AccountBook): Balance => ({ tokens, held: holds.held(id, now()) });

  async function grant(given: Grant): Promise<GrantOutcome> {
    if (!Number.isSafeInteger(given.tokens) || given.tokens <= 0)
      throw new RangeError("A grant is a positive whole number of tokens.");
    const { account, id } = given;
    // Whether the id is taken is known once the other grant or take with it is durable, or has failed.
    const outcome = await turns(slot(account, id), () => give(given));
    if (outcome.kind !== "too_many") return outcome;
    // It may have been refused because the account is being deleted.
    await turns(account, async () => {});
    return books.accounts.get(account)?.deleted ? { kind: "unknown" } : outcome;
  }

  async function give({ id, account, tokens, reason, by }: Grant): Promise<GrantOutcome> {
    const book = books.accounts.get(account);
    if (!book || book.deleted) return { kind: "unknown" };
    const given = books.grants.of(account, id);
    if (given && given.tokens !== tokens) return { kind: "id_taken" };
    if (given) return { kind: "repeated", balance: balanceOf(book) };
    // The same id for several accounts is also what an older ai-chat cannot read.
    const shared = books.grants.has(id) || giving.has(id);
    const ofOperator = shared || by !== undefined;
    if (ofOperator) await nameFeature("operator");
    if (!shared) giving.add(id);
    try {
      const event: Event = { fact: "grant", id, tokens, reason, by: ofOperator ? (by ?? null) : undefined };
      return { kind: "granted", balance: await committer.commit({ account, event }) };
    } catch (error) {
      if (!(error instanceof DoesNotFollow)) throw error;
      return { kind: "too_many", balance: balanceOf(book) };
    } finally {
      if (!shared) giving.delete(id);
    }
  }

  function hold(request: HoldRequest, book: AccountBook): HoldOutcome {
    const { id, account, digest, price, model, expires, limited } = request;
    if (!Number.isSafeInteger(price) || price < 0)
      throw new RangeError("A price is a whole number of tokens.");
    const balance = balanceOf(book);
    const key =
      request.key === undefined ? undefined : { slot: slot(account, request.key), key: request.key, digest };
    const known = key && onKey(key.slot, digest);
    if (known && known.kind !== "paid") return known;
    if (!known && limited) return { kind: "limited" };
    // The answer of a paid key may come from memory, which needs no write.
    if (!known) committer.assertTakes();
    const refused = known ? undefined : (refusedKey(request, balance, book) ?? whyRefused(balance, price));
    if (typeof refused === "object") return refused;
    if (refused) return { kind: refused, balance: refills.balanceOf(balance, book) };
    const { apiKey } = request;
    holds.open({ id, account, price: known ? 0 : price, model, expires, key, apiKey, paid: Boolean(known) });
    return known ?? { kind: "held" };
  }

  /** Why the API key of the request may not ask. Only after `held`: see {@link Holds}. */
  function refusedKey(
    { account, apiKey, price }: HoldRequest,
    balance: Balance,
    book: AccountBook,
  ): HoldOutcome | undefined {
    if (apiKey === undefined) return undefined;
    const [key, time] = [books.apiKeys.get(apiKey), now()];
    if (key?.account !== account || key.ended || (key.expires ?? Infinity) <= time)
      return { kind: "key_ended" };
    const { name, limit } = key;
    if (!limit || spentOf(key, time) + holds.heldBy(apiKey) + price <= limit.tokens) return undefined;
    const { end: ends } = periodAt(limit.per, time);
    return { kind: "key_limit", name, limit, ends, balance: refills.balanceOf(balance, book) };
  }

  /**
   * What a known key means for a new question (docs/http-api.md#idempotency), in that order. Only after `held`: see
   * {@link Holds}.
   */
  function onKey(keySlot: string, digest: string): HoldOutcome | undefined {
    const open = holds.onKey(keySlot);
    const charged = chargedKey(books, keySlot, now());
    const first = open?.key ?? charged;
    if (!first) return undefined;
    if (first.digest !== digest) return { kind: "key_reused" };
    if (open || !charged) return { kind: "in_flight" };
    const { again, cost, model } = charged;
    return { kind: again ? "answer_expired" : "paid", cost, model };
  }

  async function charge(id: HoldId): Promise<ChargeOutcome> {
    const hold = holds.find(id);
    if (!hold) return holds.outcome(id) ?? { kind: "expired" };
    if (hold.charging) return hold.charging;
    if (hold.expires <= now()) {
      holds.settle(id);
      return { kind: "expired" };
    }
    committer.assertTakes();
    const book = bookOf(books, hold.account);
    if (hold.paid && hold.key && !chargedKey(books, hold.key.slot, now())) {
      // The key's lifetime ended during the second answer: there is nothing left to record.
      holds.settle(id);
      holds.remember(id, balanceOf(book));
      return { kind: "charged", balance: balanceOf(book) };
    }
    hold.charging = write(hold);
    return hold.charging;
  }

  /** The committer settles the hold. A charge that fails leaves it open. */
  async function write(hold: OpenHold): Promise<ChargeOutcome> {
    try {
      const balance = await committer.commit({ account: hold.account, event: chargeOf(hold, books) });
      return { kind: "charged", balance };
    } catch (error) {
      hold.charging = undefined;
      throw error;
    }
  }

  return {
    async balance(account) {
      const book = bookOf(books, account);
      await refills.pay(book);
      return refills.balanceOf(balanceOf(book), book);
    },
    grant,
    async hold(request) {
      const book = bookOf(books, request.account);
      const paid = refills.pay(book);
      if (paid) await paid;
      return hold(request, book);
    },
    charge,
    async release(id) {
      if (!holds.find(id)?.charging) holds.settle(id);
    },
    usage: async (account, days) => bookOf(books, account).usage.last(days, now()),
    async usageBy(account, days, by) {
      const { usage } = bookOf(books, account);
      return by === "model"
        ? usage.byModel(days, now())
        : useByKey(books.apiKeys.of(account), usage, days, now());
    },
  };
}

function whyRefused({ tokens, held }: Balance, price: number): "insufficient" | "all_held" | undefined {
  if (tokens < price) return "insufficient";
  return tokens - held < price ? "all_held" : undefined;
}

function chargeOf(hold: OpenHold, { features }: Books): Event {
  const { id, price, paid, key, apiKey } = hold;
  if (paid && key) return { fact: "again", id, tokens: 0, apiKey, key: key.key, digest: key.digest };
  const model = features.has("models") ? hold.model : undefined;
  const charge = apiKey === undefined ? { id, tokens: -price, model } : { id, tokens: -price, model, apiKey };
  if (!key) return { fact: "charge", ...charge };
  return { fact: "charge", ...charge, key: key.key, digest: key.digest };
}
