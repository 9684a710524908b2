import { KEY_LIFETIME_MS } from "../../protocol/limits.ts";
import type { Answered } from "./ask-model.ts";
import type { AccountId } from "./ports.ts";

interface KeptAnswer {
  answer: Answered;
  /** Milliseconds since the epoch. */
  until: number;
}

interface Limits {
  count: number;
  /** UTF-16 code units of all answers together; in memory each takes up to two bytes. */
  characters: number;
  /** How long an answer is kept, in milliseconds. */
  age: number;
}

/**
 * Answers of questions with an Idempotency-Key, for repeats (docs/http-api.md#idempotency). In memory only; the oldest
 * are dropped first.
 */
export interface Answers {
  keep(account: AccountId, key: string, answer: Answered): void;
  find(account: AccountId, key: string): Answered | undefined;
  forget(account: AccountId, key: string): void;
}

const DEFAULT_LIMITS: Limits = { count: 10_000, characters: 16 * 1024 * 1024, age: KEY_LIFETIME_MS };

/** `now` in milliseconds since the epoch. An answer larger than the whole cache is not kept. */
export function createAnswers(now: () => number, limits: Limits = DEFAULT_LIMITS): Answers {
  const kept = new Map<string, KeptAnswer>();
  let characters = 0;

  const idOf = (account: AccountId, key: string) => `${account} ${key}`;

  function drop(id: string): void {
    const one = kept.get(id);
    if (!one) return;
    kept.delete(id);
    characters -= one.answer.response.length;
  }

  function makeRoom(): void {
    for (const [id, { until }] of kept) {
      if (kept.size <= limits.count && characters <= limits.characters && until > now()) return;
      drop(id);
    }
  }

  return {
    keep(account, key, answer) {
      const id = idOf(account, key);
      drop(id);
      if (answer.response.length > limits.characters) return;
      kept.set(id, { answer, until: now() + limits.age });
      characters += answer.response.length;
      makeRoom();
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
