import { KEY_LIFETIME_MS } from "../../protocol/limits.ts";
import type { AccountId } from "./ports.ts";

interface KeptAnswer {
  response: string;
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
  keep(account: AccountId, key: string, response: string): void;
  find(account: AccountId, key: string): string | undefined;
  forget(account: AccountId, key: string): void;
}

const DEFAULT_LIMITS: Limits = { count: 10_000, characters: 16 * 1024 * 1024, age: KEY_LIFETIME_MS };

/** `now` in milliseconds since the epoch. An answer larger than the whole cache is not kept. */
export function createAnswers(now: () => number, limits: Limits = DEFAULT_LIMITS): Answers {
  const kept = new Map<string, KeptAnswer>();
  let characters = 0;

  const idOf = (account: AccountId, key: string) => `${account} ${key}`;

  function drop(id: string): void {
    const answer = kept.get(id);
    if (!answer) return;
    kept.delete(id);
    characters -= answer.response.length;
  }

  function makeRoom(): void {
    for (const [id, answer] of kept) {
      if (kept.size <= limits.count && characters <= limits.characters && answer.until > now()) return;
      drop(id);
    }
  }

  return {
    keep(account, key, response) {
      const id = idOf(account, key);
      drop(id);
      if (response.length > limits.characters) return;
      kept.set(id, { response, until: now() + limits.age });
      characters += response.length;
      makeRoom();
    },
    find(account, key) {
      const answer = kept.get(idOf(account, key));
      return answer && answer.until > now() ? answer.response : undefined;
    },
    forget(account, key) {
      drop(idOf(account, key));
    },
  };
}
