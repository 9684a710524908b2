import { refillWords, type RefillSetting, type RefillWish } from "../../../protocol/refill.ts";
import { ApiError } from "../../core/api-error.ts";
import type { AccountId, Balance } from "../../core/ports.ts";
import {
  amountOf,
  dueRefill,
  isSameRefill,
  nextRefill,
  nextStart,
  refillReason,
  unpaidPeriods,
  type Refillable,
  type Refills,
  type Unpaid,
} from "../../core/refill.ts";
import type { AccountBook, Books } from "./books.ts";
import type { Committer } from "./committer.ts";
import { DoesNotFollow } from "./form-batch.ts";
import type { NameFeature } from "./name-feature.ts";
import { createTurns } from "./turns.ts";

/** Refills, as the books have them (docs/accounts.md#refills). */
export interface JsonRefills {
  /**
   * Records the setting, if it differs from the last one, and warns if it ends refills. One call waits for the other. A
   * folder that never had one stays as it is.
   */
  set(setting: RefillWish): Promise<void>;
  /**
   * Pays what is due to the account; undefined if nothing is. Resolves also if it cannot be stored now: then the next call
   * tries again.
   */
  pay(book: AccountBook): Promise<void> | undefined;
  /** With what the account gets next. */
  balanceOf(balance: Balance, book: AccountBook): Balance;
}

/** What decides about an account; undefined if it gets nothing. */
const stateOf = ({ created, refilled, tokens, disabled }: AccountBook): Refillable | undefined =>
  disabled ? undefined : { created, refilled: refilled ?? 0, tokens };

/** Tokens of the refill that is due to an account. */
export function tokensDue(refills: Refills, book: AccountBook, now: number): number {
  const state = stateOf(book);
  return (state && dueRefill(refills, state, now)?.tokens) ?? 0;
}

const switchedOff = (last: RefillSetting) =>
  `This server gives no refills: --refill is not set, or off. Until now there were ${refillWords(last)}. What was due and not paid by now is lost; set again, they count anew.`;

/** See {@link JsonRefills}. */
export function createRefills({
  books,
  committer,
  now,
  nameFeature,
  warn,
}: {
  books: Books;
  committer: Committer;
  now: () => number;
  nameFeature: NameFeature;
  /** Gets sentences for the operator. */
  warn: (sentence: string) => void;
}): JsonRefills {
  const paying = new Map<AccountId, Promise<void>>();
  const turns = createTurns();

  async function write({ id: account }: AccountBook, unpaid: Unpaid): Promise<void> {
    const { id } = unpaid;
    try {
      await committer.commit({
        account,
        // What is written before in the same batch counts, too.
        event: (balance) => ({
          fact: "grant",
          id,
          tokens: amountOf(unpaid, balance),
          reason: refillReason(id),
          by: null,
        }),
      });
    } catch (error) {
      // The account was deleted, or the disk is full.
      if (!(error instanceof DoesNotFollow || error instanceof ApiError)) throw error;
    } finally {
      paying.delete(account);
    }
  }

  async function set(setting: RefillWish): Promise<void> {
    if (setting === "stored") return;
    const last = books.refills.at(-1);
    // One that was set by a clock that was ahead does not hold yet.
    if (isSameRefill(last, setting) && (last?.at ?? 0) <= now()) return;
    await nameFeature("operator");
    const { tokens = null, period = "day", cap = null } = setting ?? {};
    await committer.note({ fact: "refill", tokens, period, cap });
    for (const book of books.accounts.values()) book.refillAt = 0;
    if (last && !setting) warn(switchedOff(last));
  }

  return {
    set: (setting) => turns("set", () => set(setting)),

    pay(book) {
      const time = now();
      if (book.refillAt > time) return undefined;
      const running = paying.get(book.id);
      if (running) return running;
      const state = stateOf(book);
      if (!state) return undefined;
      const unpaid = unpaidPeriods(books.refills, state, time);
      if (!unpaid) {
        book.refillAt = nextStart(books.refills, state, time);
        return undefined;
      }
      const paid = write(book, unpaid);
      paying.set(book.id, paid);
      return paid;
    },

    balanceOf(balance, book) {
      const state = stateOf(book);
      const next = state && nextRefill(books.refills, state, now());
      return next ? { ...balance, next } : balance;
    },
  };
}
