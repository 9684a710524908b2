import { isMonth } from "../../../text/is-month.ts";
import type { ApiKeyLimit } from "../../../protocol/replies.ts";
import {
  count,
  countOrNull,
  digest,
  filled,
  flag,
  listOf,
  orNull,
  period,
  text,
  textOrNull,
  time,
  timeOrNull,
  whole,
  type Shape,
} from "./shapes.ts";
import type { DayUse } from "./usage.ts";

/** Use of an account in a UTC day (`2026-11-26`), or in a month (`2026-08`) without the days that are listed themselves. */
export type Use = [
  period: string,
  /** Null: of before models. */
  model: string | null,
  questions: number,
  /** Positive. */
  tokens: number,
  /** Id of the API key that asked, in a day. */
  apiKey?: string,
];

/** The days that are listed. */
export const daysOf = (use: Use[]): (DayUse & { apiKey: string | undefined })[] =>
  use
    .filter(([date]) => !isMonth(date))
    .map(([date, model, questions, tokens, apiKey]) => ({ date, model, questions, tokens, apiKey }));

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
    apiKey?: string;
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
  /** Absent without the feature `api_keys`. */
  apiKeys?: {
    id: string;
    account: string;
    label: string;
    digest: string;
    limit: ApiKeyLimit | null;
    expires: string | null;
    at: string;
    ended: boolean;
    lastUsed: string | null;
  }[];
}

const isUse = (value: unknown) =>
  Array.isArray(value) &&
  (value.length === 4 || (value.length === 5 && filled(value[4]))) &&
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
/** Of an API key. */
export const LIMIT: Shape = { tokens: count, per: period };
const given: Shape = { id: text, account: filled, tokens: whole };
const charged: Shape = {
  account: filled,
  key: filled,
  digest: filled,
  at: time,
  again: flag,
  cost: count,
  model: textOrNull,
};
export const KEPT: Shape = {
  keys: listOf(charged, { ...charged, apiKey: filled }),
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
export const KEPT_WITH_KEYS: Shape = {
  ...KEPT,
  apiKeys: listOf({
    id: filled,
    account: filled,
    label: filled,
    digest,
    limit: orNull(LIMIT),
    expires: timeOrNull,
    at: time,
    ended: flag,
    lastUsed: timeOrNull,
  }),
};
