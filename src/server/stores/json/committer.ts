import { ApiError } from "../../core/api-error.ts";
import type { Balance } from "../../core/ports.ts";
import type { StoreMeter } from "../../core/store-meter.ts";
import type { Books } from "./books.ts";
import { slot } from "./kept.ts";
import type { Fact, Notice } from "./facts.ts";
import { formBatch, type Entry, type Formed, type Waiting } from "./form-batch.ts";
import type { Holds } from "./holds.ts";
import type { Journal } from "./journal.ts";
import type { LedgerKey } from "./key.ts";
import { post } from "./post.ts";

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
  /** As `commit`, for what happens to no account. Those of one tick are written together. */
  note(notice: Notice): Promise<void>;
  /** Runs `work` while nothing is being written. Settles as it does, or rejects with `store_unavailable`. */
  alone(work: () => Promise<void>): Promise<void>;
  /** Refuses new entries; resolves when all others are settled. */
  close(): Promise<void>;
}

/** See {@link Committer}. */
export function createCommitter({
  books,
  holds,
  journal,
  now,
  key,
  written,
  meter,
}: {
  books: Books;
  holds: Holds;
  journal: Journal;
  now: () => number;
  /** Of the ledger, if it has one. */
  key: LedgerKey | undefined;
  /** Called when facts have been posted, with their number. */
  written: (facts: number) => void;
  meter?: StoreMeter | undefined;
}): Committer {
  let queue: Waiting[] = [];
  let jobs: (() => Promise<void>)[] = [];
  let running: Promise<void> | undefined;
  let closed = false;

  const takes = () => !closed && journal.takes();

  const refusal = () => journal.refusal(closed ? new Error("the store is closing") : undefined);

  function commit(entry: Entry): Promise<Balance> {
    if (closed) return Promise.reject(refusal());
    return new Promise((resolve, reject) => {
      queue.push({ entry, resolve, reject });
      running ??= drain();
    });
  }

  function note(notice: Notice): Promise<void> {
    if (closed) return Promise.reject(refusal());
    return new Promise((resolve, reject) => {
      queue.push({ notice, resolve, reject });
      running ??= drain();
    });
  }

  function alone(work: () => Promise<void>): Promise<void> {
    if (closed) return Promise.reject(refusal());
    return new Promise((resolve, reject) => {
      jobs.push(() => journal.check().then(work).then(resolve, reject));
      running ??= drain();
    });
  }

  async function drain(): Promise<void> {
    while (queue.length > 0 || jobs.length > 0) {
      await oneTurn();
      const due = jobs;
      jobs = [];
      for (const job of due) await job();
      if (queue.length > 0) await writeBatch();
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
      const { formed, text } = formBatch(batch, { books, at: now(), key, settled });
      if (formed.length === 0) return;
      await journal.append(Buffer.from(text));
      enter(formed);
      written(formed.length);
      meter?.batch(formed.length);
    } catch (error) {
      // Entries that came in the meantime would fail for the same reason, so they are refused at once. Those that
      // `formBatch` refused keep their reason.
      const refused = [...batch, ...queue];
      queue = [];
      for (const { reject } of refused) reject(error instanceof ApiError ? copyOf(error) : error);
    }
  }

  function enter(formed: Formed[]): void {
    const time = now();
    for (const { line, head, posted } of formed) {
      post(books, line, head, time);
      posted();
    }
  }

  /** Settles the hold of a charge or a take that was posted. Returns the account's balance. */
  function settled(fact: Fact): Balance {
    if (meter) count(meter, fact, holds);
    if (fact.fact === "take") holds.settle(slot(fact.account, fact.id));
    const charged = fact.fact === "charge" || fact.fact === "again" ? fact.id : undefined;
    if (charged !== undefined) holds.settle(charged);
    const balance = { tokens: fact.balance, held: holds.held(fact.account, now()) };
    if (charged !== undefined) holds.remember(charged, balance);
    return balance;
  }

  return {
    takes,
    assertTakes() {
      if (!takes()) throw refusal();
    },
    commit,
    note,
    alone,
    async close() {
      closed = true;
      await running;
    },
  };
}

/** One turn of the event loop: what arrives in it shares a sync, instead of waiting for one. */
const oneTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The model of a charge is the hold's: a ledger of version 1 names none. */
function count(meter: StoreMeter, fact: Fact, holds: Holds): void {
  if (fact.fact === "account" || fact.fact === "grant") meter.granted(fact.tokens);
  else if (fact.fact === "take") meter.taken(0 - fact.tokens);
  else if (fact.fact === "charge") meter.charged(holds.find(fact.id)?.model ?? "", 0 - fact.tokens);
}

/** Each caller gets its own error, because a caller may change it. */
function copyOf({ code, message, cause, retryAfter }: ApiError): ApiError {
  return new ApiError(code, message, { cause, ...(retryAfter !== undefined && { retryAfter }) });
}
