import { ApiError } from "./api-error.ts";
import { Bag } from "./bag.ts";
import type { AccountId } from "./ports.ts";

/** How many questions may be in flight. */
export interface AtOnce {
  /** Of one account. */
  maxInFlight: number;
  /** Of all accounts. */
  maxQuestions: number;
}

/** What is in flight, and how much of it for each account. */
export class InFlight<Item extends { account: AccountId }> {
  readonly #all = new Bag<Item>();

  /** Throws `rate_limited` or `overloaded` if one more would be too many. */
  assertRoom(account: AccountId, { maxInFlight, maxQuestions }: AtOnce): void {
    if (this.#of(account) >= maxInFlight)
      throw new ApiError(
        "rate_limited",
        `This account has ${maxInFlight} questions in flight, and may have no more. Try again when one has ended.`,
        { retryAfter: 1, limit: { name: "in-flight", quota: maxInFlight } },
      );
    if (this.#all.size >= maxQuestions)
      throw new ApiError(
        "overloaded",
        "The server is answering as many questions as it can. Nothing was charged; try again in a moment.",
        { retryAfter: 1 },
      );
  }

  /** Returns what removes it; to be called once. */
  add(item: Item): () => void {
    const entry = this.#all.add(item);
    return () => this.#all.remove(entry);
  }

  get size(): number {
    return this.#all.size;
  }

  items(): Item[] {
    return this.#all.items();
  }

  /** Looks at all of them: a map that changes with each question costs more, see `Bag`. */
  #of(account: AccountId): number {
    return this.#all.count((item) => item.account === account);
  }
}
