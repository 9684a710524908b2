import { isMonth } from "../../../text/is-month.ts";
import type { DayUsage } from "../../core/ports.ts";
import {
  count,
  countOrNull,
  filled,
  flag,
  listOf,
  period,
  text,
  textOrNull,
  time,
  timeOrNull,
  whole,
  type Shape,
} from "./shapes.ts";

/** Use of an account in a UTC day (`2026-11-26`), or in a month (`2026-08`) without the days that are listed themselves. */
export type Use = [
  period: string,
  /** Null: of before models. */
  model: string | null,
  questions: number,
  /** Positive. */
  tokens: number,
];

/** The days that are listed, all models together. */
export function daysOf(use: Use[]): DayUsage[] {
  const days = new Map<string, DayUsage>();
  for (const [date, , questions, tokens] of use) {
    if (isMonth(date)) continue;
    const day = days.get(date) ?? { date, questions: 0, tokens: 0 };
    days.set(date, { date, questions: day.questions + questions, tokens: day.tokens + tokens });
  }
  return [...days.values()];
}

/** Name of an older ledger with so many facts, beside the one that continues it. */
export const olderName = (last: number): string => `ledger-${last}.jsonl`;

/** An account as an older ledger left it. Times in milliseconds since the epoch. */
export interface Opening {
  /** Empty if it is deleted. */
  hash: string;
  generation: number;
  disabled: boolean;
  created: number;
  lastQuestion: number | null;
  /** Tokens of all charges. */
  used: number;
  refilled: number | null;
  /** The id of the invitation that it was made with. */
  invite: string | null;
  use: Use[];
  /** The balance. */
  tokens: number;
}

/** The ledger that this one continues. */
export interface Continues {
  ledger: string;
  /** Number of its last fact; the first one here has the next. */
  last: number;
  /** What its last line ends with. */
  head: string;
}

/**
 * What else an older ledger left, in the order in which it happened, in as many lines as it takes. Times are ISO 8601 here,
 * too.
 */
export interface KeptLists {
  keys: {
    account: string;
    key: string;
    digest: string;
    at: string;
    again: boolean;
    cost: number;
    model: string | null;
  }[];
  revoked: { account: string; jti: string; expires: string }[];
  grants: { id: string; account: string; tokens: number; asked?: number }[];
  invites: {
    id: string;
    digest: string;
    tokens: number | null;
    uses: number;
    expires: string;
    at: string;
    used: number;
    revoked: boolean;
  }[];
  refills: { tokens: number; period: "day" | "week" | "month"; cap: number | null; at: string }[];
}

const isUse = (value: unknown) =>
  Array.isArray(value) &&
  value.length === 4 &&
  /^\d{4}-\d{2}(-\d{2})?$/.test(String(value[0])) &&
  textOrNull(value[1]) &&
  count(value[2]) &&
  count(value[3]);

/** Fields of the kinds of facts, in their order. */
export const OPENING: Shape = {
  hash: text,
  generation: count,
  disabled: flag,
  created: time,
  lastQuestion: timeOrNull,
  used: count,
  refilled: timeOrNull,
  invite: textOrNull,
  use: (value) => Array.isArray(value) && value.every(isUse),
  tokens: count,
};
export const CONTINUES: Shape = { ledger: filled, last: count, head: filled };
const given: Shape = { id: text, account: filled, tokens: whole };
export const KEPT: Shape = {
  keys: listOf({
    account: filled,
    key: filled,
    digest: filled,
    at: time,
    again: flag,
    cost: count,
    model: textOrNull,
  }),
  revoked: listOf({ account: filled, jti: text, expires: time }),
  grants: listOf(given, { ...given, asked: count }),
  invites: listOf({
    id: filled,
    digest: filled,
    tokens: countOrNull,
    uses: count,
    expires: time,
    at: time,
    used: count,
    revoked: flag,
  }),
  refills: listOf({ tokens: count, period, cap: countOrNull, at: time }),
};
