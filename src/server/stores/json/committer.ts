import { ApiError } from "../../core/api-error.ts";
import type { AccountId } from "../../core/ports.ts";
import type { Hash } from "node:crypto";
import { post, type AccountBook, type Books } from "./books.ts";
import { tokensOf, type Event, type Fact } from "./facts.ts";
import type { Journal } from "./journal.ts";
import { factLine } from "./line.ts";

/** How an account will stand when a deed's turn comes: after every deed before it in the same batch. */
export type Standing = Pick<AccountBook, "tokens" | "generation">;

/** Something to write down. Its caller has reserved what it needs. */
export interface Deed<T> {
  account: AccountId;
  name: string;
  /** What to write. Throwing refuses this deed alone. */
  event(before: Standing): Event;
  /** Runs in the tick in which the fact is entered: settles the reservation. */
  done(fact: Fact): T;
  /** Gives the reservation back: nothing has happened. Never runs in the tick of `commit`. */
  undone?(): void;
}

/** Group commit: what waits is written and synced together, then entered in one tick. */
export interface Committer {
  /** Durable and entered when it resolves; rejects with `store_unavailable`, and then nothing has happened. */
  commit<T>(deed: Deed<T>): Promise<T>;
  /** Takes nothing more; resolves when nothing is under way. */
  close(): Promise<void>;
}

interface Waiting {
  deed: Deed<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

interface Formed extends Waiting {
  fact: Fact;
  crc: number;
}

/** `hash` takes in every byte that was appended. */
export function createCommitter({
  books,
  journal,
  hash,
  now,
}: {
  books: Books;
  journal: Journal;
  hash: Hash;
  now: () => number;
}): Committer {
  let queue: Waiting[] = [];
  let running: Promise<void> | undefined;
  let closed = false;

  function commit<T>(deed: Deed<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting = { deed, resolve: resolve as (value: unknown) => void, reject };
      if (closed) return queueMicrotask(() => refuse(waiting, journal.refusal()));
      queue.push(waiting);
      running ??= drain();
    });
  }

  async function drain(): Promise<void> {
    while (queue.length > 0) await writeBatch();
    // In the tick of the last look at the queue: a deed that comes now starts a new round.
    running = undefined;
  }

  async function writeBatch(): Promise<void> {
    let batch: Waiting[] = [];
    try {
      await journal.check();
      batch = queue;
      queue = [];
      const { formed, text } = form(batch);
      if (formed.length === 0) return;
      batch = formed;
      const bytes = Buffer.from(text);
      await journal.append(bytes);
      hash.update(bytes);
      enter(formed);
    } catch (error) {
      // Those that came meanwhile would meet the same refusal; they need not wait for it.
      const refused = [...batch, ...queue];
      queue = [];
      for (const waiting of refused) refuse(waiting, error);
    }
  }

  /** Numbers, balances and checksums follow from the books and from the deeds before in the batch. */
  function form(batch: Waiting[]): { formed: Formed[]; text: string } {
    const standings = new Map<AccountId, Standing>();
    const formed: Formed[] = [];
    const at = now();
    let { n, crc } = books;
    let text = "";
    for (const waiting of batch) {
      const { account, name } = waiting.deed;
      const before = standings.get(account) ?? books.accounts.get(account) ?? { tokens: 0, generation: 0 };
      try {
        const event = waiting.deed.event(before);
        const balance = before.tokens + tokensOf(event);
        if (!Number.isSafeInteger(balance) || balance < 0)
          throw new RangeError(`The balance of an account cannot become ${balance}.`);
        const fact = { ...event, n: n + 1, at, account, name, balance };
        const line = factLine(fact, crc);
        ({ crc } = line);
        n += 1;
        text += `${line.text}\n`;
        const generation = "generation" in event ? event.generation : before.generation;
        standings.set(account, { tokens: balance, generation });
        formed.push({ ...waiting, fact, crc });
      } catch (error) {
        refuse(waiting, error);
      }
    }
    return { formed, text };
  }

  function enter(formed: Formed[]): void {
    const time = now();
    const results = formed.map(({ deed, fact, crc }) => {
      post(books, fact, crc, time);
      return deed.done(fact);
    });
    formed.forEach(({ resolve }, index) => resolve(results[index]));
  }

  return {
    commit,
    async close() {
      closed = true;
      await running;
    },
  };
}

function refuse({ deed, reject }: Waiting, error: unknown): void {
  deed.undone?.();
  reject(error instanceof ApiError ? copyOf(error) : error);
}

/** Each caller its own error: whoever catches one may add to it. */
function copyOf({ code, message, cause, retryAfter }: ApiError): ApiError {
  return new ApiError(code, message, { cause, ...(retryAfter !== undefined && { retryAfter }) });
}
