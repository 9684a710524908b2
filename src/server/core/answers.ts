import { KEY_LIFETIME_MS } from "../../protocol/limits.ts";
import type { Answered } from "./model-request.ts";
import type { AccountId } from "./ports.ts";

interface KeptAnswer {
  account: AccountId;
  answer: Answered;
  /** Milliseconds since the epoch. */
  until: number;
  /** Bytes that it takes of the room: 0 until it has got them. */
  taken: number;
}

/** The answers of one account. */
interface Share {
  bytes: number;
  ids: Set<string>;
}

interface Limits {
  /** Of all answers together, counted as {@link sizeOf} does. */
  bytes: number;
  /** How long an answer is kept, in milliseconds. */
  age: number;
}

/**
 * Answers of questions with an Idempotency-Key, for repeats (docs/http-api.md#idempotency). In memory only. When there is no
 * room, each account with answers has an equal share of it: an account that holds more loses its oldest, and no account
 * makes another one hold less than its share.
 */
export interface Answers {
  keep(account: AccountId, key: string, answer: Answered): void;
  find(account: AccountId, key: string): Answered | undefined;
  forget(account: AccountId, key: string): void;
}

/** Bytes of memory that are shared with others. */
export interface Room {
  /** How many there are at most. */
  readonly most: number;
  /** False if there are not so many. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

const DEFAULT_LIMITS: Limits = { bytes: 32 * 1024 * 1024, age: KEY_LIFETIME_MS };

/** Bytes in memory: at most two for each UTF-16 code unit, and about one KiB for the key and what is known of the answer. */
const sizeOf = ({ response, tail = "" }: Answered) => 2 * (response.length + tail.length) + 1024;

/** `now` in milliseconds since the epoch. An answer for which there is not enough room is not kept. */
export function createAnswers(now: () => number, room: Room, limits: Limits = DEFAULT_LIMITS): Answers {
  /** Oldest first, as in `shares`. */
  const kept = new Map<string, KeptAnswer>();
  const shares = new Map<AccountId, Share>();
  let bytes = 0;

  const idOf = (account: AccountId, key: string) => `${account} ${key}`;

  function add(id: string, one: KeptAnswer): void {
    const share = shares.get(one.account) ?? { bytes: 0, ids: new Set() };
    const size = sizeOf(one.answer);
    kept.set(id, one);
    shares.set(one.account, share);
    share.ids.add(id);
    share.bytes += size;
    bytes += size;
  }

  function drop(id: string): void {
    const one = kept.get(id);
    const share = one && shares.get(one.account);
    if (!share) return;
    const size = sizeOf(one.answer);
    kept.delete(id);
    room.give(one.taken);
    share.ids.delete(id);
    share.bytes -= size;
    bytes -= size;
    if (share.ids.size === 0) shares.delete(one.account);
  }

  function dropExpired(): void {
    for (const [id, { until }] of kept) {
      if (until > now()) return;
      drop(id);
    }
  }

  /** Drops the oldest answer of `account` if that holds its share or more, else of another that does; one always does. */
  function dropOldest(account: AccountId): void {
    const isFull = (share: Share | undefined) => share !== undefined && share.bytes * shares.size >= bytes;
    const own = shares.get(account);
    const share = isFull(own) ? own : [...shares.values()].find(isFull);
    const [oldest = ""] = share?.ids ?? [];
    drop(oldest);
  }

  return {
    keep(account, key, answer) {
      const id = idOf(account, key);
      drop(id);
      const size = sizeOf(answer);
      if (size > limits.bytes || size > room.most) return;
      const one: KeptAnswer = { account, answer, until: now() + limits.age, taken: 0 };
      add(id, one);
      dropExpired();
      while (bytes > limits.bytes || !room.take(size)) {
        dropOldest(account);
        if (kept.get(id) !== one) return;
      }
      one.taken = size;
    },
    find(account, key) {
      const one = kept.get(idOf(account, key));
      return one && one.until > now() ? one.answer : undefined;
    },
    forget(account, key) {
      drop(idOf(account, key));
    },
  };
}
