import type { ApiKey } from "../../core/api-keys.ts";
import type { AccountId, KeyUse } from "../../core/ports.ts";
import { periodAt } from "../../core/refill.ts";
import { createUsage, sumOfUse, type DayUse, type Usage } from "./usage.ts";

/** An API key as the ledger has it, whether it has ended or not. */
export interface KeptApiKey extends Omit<ApiKey, "spent"> {
  ended: boolean;
}

/** The same with its charges. Only `post` changes it. */
export interface ApiKeyBook extends KeptApiKey {
  readonly usage: Usage;
}

/** API keys, those that have ended included: charges name them. */
export interface ApiKeyBooks {
  /** `days`: of an earlier `kept` of its usage. */
  add(key: KeptApiKey, days?: DayUse[]): void;
  get(id: string): ApiKeyBook | undefined;
  byDigest(digest: string): ApiKeyBook | undefined;
  /** Those of an account, oldest first. */
  of(account: AccountId): readonly ApiKeyBook[];
  /** Those that have not ended. */
  liveOf(account: AccountId): ApiKeyBook[];
  all(): Iterable<ApiKeyBook>;
  /** Drops those of a deleted account. */
  forget(account: AccountId): void;
}

/** See {@link ApiKeyBooks}; without any. */
export function createApiKeyBooks(): ApiKeyBooks {
  const byId = new Map<string, ApiKeyBook>();
  const byDigest = new Map<string, ApiKeyBook>();
  const byAccount = new Map<AccountId, ApiKeyBook[]>();
  const of = (account: AccountId): readonly ApiKeyBook[] => byAccount.get(account) ?? [];
  return {
    add({ id, account, name, digest, limit, expires, at, ended, lastUsed }, days = []) {
      // In this order: checkpoints are compared as texts.
      const key = { id, account, name, digest, limit, expires, at, ended, lastUsed };
      const book = { ...key, usage: createUsage() };
      for (const day of days) book.usage.restore(day);
      byId.set(key.id, book);
      byDigest.set(key.digest, book);
      const all = byAccount.get(key.account);
      if (all) all.push(book);
      else byAccount.set(key.account, [book]);
    },
    get: (id) => byId.get(id),
    byDigest: (digest) => byDigest.get(digest),
    of,
    liveOf: (account) => of(account).filter(({ ended }) => !ended),
    all: () => byId.values(),
    forget(account) {
      for (const { id, digest } of of(account)) {
        byId.delete(id);
        byDigest.delete(digest);
      }
      byAccount.delete(account);
    },
  };
}

/** Tokens charged in the period of its limit that runs at `now`; without a limit, in the month. */
export function spentOf({ limit, usage }: ApiKeyBook, now: number): number {
  const { start, end } = periodAt(limit?.per ?? "month", now);
  return usage.between(start, end);
}

/** The use of the last `days` by API key; what is left of the account's is of tokens. */
export function useByKey(keys: readonly ApiKeyBook[], account: Usage, days: number, now: number): KeyUse[] {
  const all = (usage: Usage) => sumOfUse(usage.byModel(days, now));
  const sums = new Map<string, KeyUse>();
  const rest = { name: null, ...all(account) };
  for (const { name, usage } of keys) {
    const { questions, tokens } = all(usage);
    const sum = sums.get(name) ?? { name, questions: 0, tokens: 0 };
    sums.set(name, sum);
    sum.questions += questions;
    sum.tokens += tokens;
    rest.questions -= questions;
    rest.tokens -= tokens;
  }
  return [rest, ...sums.values()].filter(({ questions }) => questions > 0);
}
