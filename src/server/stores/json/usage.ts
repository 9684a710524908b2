import { USAGE_DAYS } from "../../../protocol/limits.ts";
import type { DayUsage, KeyUse } from "../../core/ports.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Use of a model in a UTC day. `model`: null of before models, and where models do not matter. */
export interface DayUse extends DayUsage {
  model: string | null;
}

/** Questions and tokens of one account or API key, by UTC day and model. */
export interface Usage {
  /** Adds a question that was charged at `at`. Drops days that are too old at `now`. */
  add(at: number, tokens: number, now: number, model: string | null): void;
  /** Adds what an earlier `kept` had. */
  restore(use: DayUse): void;
  /** The last `days` UTC days up to `now`, oldest first, days without use included. */
  last(days: number, now: number): DayUsage[];
  /** The sums of the same days by model. */
  byModel(days: number, now: number): KeyUse[];
  /** Tokens of the UTC days from one that begins at `start` to one that ends at `end`. */
  between(start: number, end: number): number;
  /** Days with use that are not too old at `now`, oldest first, and by model. */
  kept(now: number): DayUse[];
}

/** Of one model in a day, and those of others. Most accounts use one a day. */
interface Use {
  readonly model: string | null;
  questions: number;
  tokens: number;
  next: Use | undefined;
}

const dayOf = (ms: number) => Math.floor(ms / DAY_MS);
const dateOf = (day: number) => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** Sum of what was used. */
export function sumOfUse(uses: Iterable<{ questions: number; tokens: number }>): {
  questions: number;
  tokens: number;
} {
  const sum = { questions: 0, tokens: 0 };
  for (const { questions, tokens } of uses) {
    sum.questions += questions;
    sum.tokens += tokens;
  }
  return sum;
}

/** See {@link Usage}; without any use. */
export const createUsage = (): Usage => new UsageByDay();

/** A class: an object of closures would take more memory than the use of most accounts. */
class UsageByDay implements Usage {
  // No Map before the first question: most accounts are idle most of the time.
  #days: Map<number, Use> | undefined;

  add(at: number, tokens: number, now: number, model: string | null): void {
    this.#enter(dayOf(at), { model, questions: 1, tokens }, dayOf(now));
  }

  restore({ date, ...use }: DayUse): void {
    this.#enter(dayOf(Date.parse(date)), use, Number.NEGATIVE_INFINITY);
  }

  last(count: number, now: number): DayUsage[] {
    return lastDays(count, now).map((day) => ({ date: dateOf(day), ...sumOfUse(this.#usesOf(day)) }));
  }

  byModel(count: number, now: number): KeyUse[] {
    const sums = new Map<string | null, KeyUse>();
    for (const day of lastDays(count, now))
      for (const { model: name, questions, tokens } of this.#usesOf(day)) {
        const sum = sums.get(name) ?? { name, questions: 0, tokens: 0 };
        sums.set(name, sum);
        sum.questions += questions;
        sum.tokens += tokens;
      }
    return [...sums.values()];
  }

  between(start: number, end: number): number {
    let tokens = 0;
    for (let day = dayOf(start); day < dayOf(end); day += 1)
      for (let use = this.#days?.get(day); use; use = use.next) tokens += use.tokens;
    return tokens;
  }

  kept(now: number): DayUse[] {
    const oldest = dayOf(now) - USAGE_DAYS.most;
    return [...(this.#days?.keys() ?? [])]
      .filter((day) => day > oldest)
      .sort((a, b) => a - b)
      .flatMap((day) => {
        const uses = this.#usesOf(day).sort((a, b) => ((a.model ?? "") < (b.model ?? "") ? -1 : 1));
        const date = dateOf(day);
        return uses.map(({ model, questions, tokens }) => ({ date, model, questions, tokens }));
      });
  }

  #usesOf(day: number): Use[] {
    const uses: Use[] = [];
    for (let use = this.#days?.get(day); use; use = use.next) uses.push(use);
    return uses;
  }

  #enter(day: number, { model, questions, tokens }: Omit<DayUse, "date">, today: number): void {
    const days = (this.#days ??= new Map());
    const first = days.get(day);
    let known = first;
    while (known && known.model !== model) known = known.next;
    if (known) {
      known.questions += questions;
      known.tokens += tokens;
      return;
    }
    if (first) {
      first.next = { model, questions, tokens, next: first.next };
      return;
    }
    for (const old of days.keys()) if (old <= today - USAGE_DAYS.most) days.delete(old);
    if (day > today - USAGE_DAYS.most) days.set(day, { model, questions, tokens, next: undefined });
  }
}

/** The last `count` days, oldest first. */
const lastDays = (count: number, now: number): number[] =>
  Array.from({ length: count }, (_, index) => dayOf(now) - count + 1 + index);
