import { USAGE_DAYS } from "../../../protocol/limits.ts";
import type { DayUsage } from "../../core/ports.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Questions and tokens of one account, by UTC day. */
export interface Usage {
  /** Adds a question that was charged at `at`. Drops days that are too old at `now`. */
  add(at: number, tokens: number, now: number): void;
  /** The last `days` UTC days up to `now`, oldest first, days without use included. */
  last(days: number, now: number): DayUsage[];
  /** Days with use that are not too old at `now`, oldest first. */
  kept(now: number): DayUsage[];
}

const dayOf = (ms: number) => Math.floor(ms / DAY_MS);
const dateOf = (day: number) => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** See {@link Usage}. `kept` is an earlier result of its `kept`; nothing by default. */
export function createUsage(kept: DayUsage[] = []): Usage {
  // No Map before the first question: most accounts are idle most of the time.
  let days: Map<number, { questions: number; tokens: number }> | undefined;

  function enter(day: number, questions: number, tokens: number, today: number): void {
    days ??= new Map();
    const known = days.get(day);
    if (known) {
      known.questions += questions;
      known.tokens += tokens;
      return;
    }
    for (const old of days.keys()) if (old <= today - USAGE_DAYS.most) days.delete(old);
    if (day > today - USAGE_DAYS.most) days.set(day, { questions, tokens });
  }

  for (const { date, questions, tokens } of kept)
    enter(dayOf(Date.parse(date)), questions, tokens, Number.NEGATIVE_INFINITY);

  return {
    add: (at, tokens, now) => enter(dayOf(at), 1, tokens, dayOf(now)),
    last(count, now) {
      const today = dayOf(now);
      return Array.from({ length: count }, (_, index) => {
        const day = today - count + 1 + index;
        return { date: dateOf(day), ...(days?.get(day) ?? { questions: 0, tokens: 0 }) };
      });
    },
    kept(now) {
      const oldest = dayOf(now) - USAGE_DAYS.most;
      return [...(days ?? [])]
        .filter(([day]) => day > oldest)
        .sort(([a], [b]) => a - b)
        .map(([day, use]) => ({ date: dateOf(day), ...use }));
    },
  };
}
