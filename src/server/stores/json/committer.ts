import { ApiError } from "../../core/api-error.ts";
import type { AccountId, Balance } from "../../core/ports.ts";
import { post, type AccountBook, type Books } from "./books.ts";
import { tokensOf, type Event, type Fact } from "./facts.ts";
import type { Holds } from "./holds.ts";
import type { Journal } from "./journal.ts";
import { factLine } from "./line.ts";

/** Something to write to the ledger. Whoever commits it has reserved what it needs. */
export interface Entry {
  account: AccountId;
  name: string;
  event: Event;
}

/** The entry does not follow the ones before it: a balance would not be exact, or a generation is out of order. */
export class DoesNotFollow extends Error {
  override readonly name = "DoesNotFollow";
}

/**
 * Group commit: the entries that wait are written and synced together. Then all of them are posted to the books, and the
 * holds of their charges settled, in one tick: no reader sees a part of it.
 */
export interface Committer {
  /** Whether it takes entries now. */
  takes(): boolean;
  /** Throws `store_unavailable` if it takes no entries now. */
  assertTakes(): void;
  /**
   * Resolves once the entry is durable and posted, to the account's balance at that moment. Rejects with
   * `store_unavailable` or {@link DoesNotFollow}; then nothing has happened.
   */
  commit(entry: Entry): Promise<Balance>;
  /** Refuses new entries; resolves when all others are settled. */
  close(): Promise<void>;
}

interface Waiting {
  entry: Entry;
  resolve: (balance: Balance) => void;
  reject: (error: unknown) => void;
}

interface Formed {
  waiting: Waiting;
  fact: Fact;
  crc: number;
}

/** See {@link Committer}. */
export function createCommitter({
  books,
  holds,
  journal,
  now,
}: {
  books: Books;
  holds: Holds;
  journal: Journal;
  now: () => number;
}): Committer {
  let queue: Waiting[] = [];
  let running: Promise<void> | undefined;
  let closed = false;

  const takes = () => !closed && journal.takes();

  function commit(entry: Entry): Promise<Balance> {
    if (closed) return Promise.reject(journal.refusal());
    return new Promise((resolve, reject) => {
      queue.push({ entry, resolve, reject });
      running ??= drain();
    });
  }

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      await oneTurn();
      await writeBatch();
    }
    // No await since the queue was found empty: the next entry starts a new round.
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
      await journal.append(Buffer.from(text));
      enter(formed);
    } catch (error) {
      // Entries that came in the meantime would fail for the same reason, so they are refused at once. Those that `form`
      // refused keep their reason.
      const refused = [...batch, ...queue];
      queue = [];
      for (const { reject } of refused) reject(error instanceof ApiError ? copyOf(error) : error);
    }
  }

  /** Gives the entries their numbers, balances and checksums; refuses those that do not follow. */
  function form(batch: Waiting[]): { formed: Formed[]; text: string } {
    const latest = new Map<AccountId, Latest>();
    const formed: Formed[] = [];
    const at = now();
    let { n, crc } = books;
    let text = "";
    for (const waiting of batch) {
      const { account, name, event } = waiting.entry;
      const before = latest.get(account) ?? books.accounts.get(account) ?? { tokens: 0, generation: 0 };
      try {
        const after = follow(before, event);
        // The spread is last: V8 takes 8 µs for one that other fields follow.
        const fact: Fact = { n: n + 1, at, account, name, balance: after.tokens, ...event };
        const line = factLine(fact, crc);
        ({ crc } = line);
        n += 1;
        text += `${line.text}\n`;
        latest.set(account, after);
        formed.push({ waiting, fact, crc });
      } catch (error) {
        waiting.reject(error);
      }
    }
    return { formed, text };
  }

  function enter(formed: Formed[]): void {
    const time = now();
    for (const { waiting, fact, crc } of formed) {
      post(books, fact, crc, time);
      const charged = fact.fact === "charge" || fact.fact === "again" ? fact.id : undefined;
      if (charged !== undefined) holds.settle(charged);
      const balance = { tokens: fact.balance, held: holds.held(fact.account, time) };
      if (charged !== undefined) holds.remember(charged, balance);
      waiting.resolve(balance);
    }
  }

  return {
    takes,
    assertTakes() {
      if (!takes()) throw journal.refusal();
    },
    commit,
    async close() {
      closed = true;
      await running;
    },
  };
}

/** One turn of the event loop: what arrives in it shares a sync, instead of waiting for one. */
const oneTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What the next entry of an account must follow. */
type Latest = Pick<AccountBook, "tokens" | "generation">;

function follow(before: Latest, event: Event): Latest {
  const tokens = before.tokens + tokensOf(event);
  if (!Number.isSafeInteger(tokens) || tokens < 0)
    throw new DoesNotFollow(`The balance of an account cannot become ${tokens}.`);
  if (!("generation" in event)) return { tokens, generation: before.generation };
  if (event.generation !== before.generation + 1)
    throw new DoesNotFollow(`Generation ${event.generation} does not follow ${before.generation}.`);
  return { tokens, generation: event.generation };
}

/** Each caller gets its own error, because a caller may change it. */
function copyOf({ code, message, cause, retryAfter }: ApiError): ApiError {
  return new ApiError(code, message, { cause, ...(retryAfter !== undefined && { retryAfter }) });
}
