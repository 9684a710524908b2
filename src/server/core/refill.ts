import type { Period, RefillSetting } from "../../protocol/refill.ts";

/** A setting from when on it holds, in milliseconds since the epoch: for the periods that begin later. */
export interface RefillPolicy extends RefillSetting {
  at: number;
}

/**
 * The settings since refills were last switched on, oldest first; empty while they are off. A period is paid by the last one
 * that held when it began.
 */
export type Refills = readonly RefillPolicy[];

/** What decides about an account. Times in milliseconds since the epoch. */
export interface Refillable {
  created: number;
  /** Periods that begin later are unpaid. It only rises; 0 before the first. */
  refilled: number;
  tokens: number;
}

/** The unpaid periods of an account that have begun. */
export interface Unpaid {
  /** Of the last period: `refill:2026-11-26`, `refill:2026-W48` or `refill:2026-11`. */
  id: string;
  /** When that period began: the account's `refilled` from now on. */
  start: number;
  /** What they pay, one after the other: so many tokens, as far as the balance stays below the cap. */
  parts: { tokens: number; cap: number }[];
}

/** A refill that is due: one for all unpaid periods that have begun. `tokens`: 0 if the balance is full. */
interface DueRefill extends Pick<Unpaid, "id" | "start"> {
  tokens: number;
}

const DAY = 86_400_000;
const WEEK = 7 * DAY;
/** A Monday. */
const MONDAY = Date.UTC(1970, 0, 5);

/** How many periods began from a fixed one up to `time`, that moment included. */
function countUntil(period: Period, time: number): number {
  if (period === "day") return Math.floor(time / DAY);
  if (period === "week") return Math.floor((time - MONDAY) / WEEK);
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** When the period with that count begins. */
function startOf(period: Period, count: number): number {
  if (period === "day") return count * DAY;
  if (period === "week") return count * WEEK + MONDAY;
  return new Date(0).setUTCFullYear(Math.floor(count / 12), count % 12, 1);
}

/** Start and end of the period in which `time` is; the end is the start of the next one. */
export function periodAt(period: Period, time: number): { start: number; end: number } {
  const count = countUntil(period, time);
  return { start: startOf(period, count), end: startOf(period, count + 1) };
}

/** The name of the period that begins at `start`: `2026-11-26`, `2026-W48` (ISO 8601) or `2026-11`. */
export function periodName(period: Period, start: number): string {
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  if (period === "day") return day(start);
  if (period === "month") return day(start).slice(0, 7);
  // The year of a week is that of its Thursday.
  const year = new Date(start + 3 * DAY).getUTCFullYear();
  const week = Math.floor((start + 3 * DAY - Date.UTC(year, 0, 1)) / WEEK) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}

/** What the ids of refills begin with. No operator's id does. */
export const REFILL_ID = "refill:";

/** When the period of a refill's id began; undefined for another id. */
export function startOfId(id: string): number | undefined {
  if (!id.startsWith(REFILL_ID)) return undefined;
  const name = id.slice(REFILL_ID.length);
  const [, year, week] = /^(\d{4})-W(\d{2})$/.exec(name) ?? [];
  // January 4 is always in week 1.
  const start =
    week === undefined
      ? Date.parse(`${name}T00:00:00.000Z`.replace(/^(\d{4}-\d{2})T/, "$1-01T"))
      : startOf("week", countUntil("week", Date.UTC(Number(year), 0, 4)) + Number(week) - 1);
  const period = week !== undefined ? "week" : name.length === 7 ? "month" : "day";
  return !Number.isNaN(start) && periodName(period, start) === name ? start : undefined;
}

/** Whether two settings are the same; undefined: off. */
export const isSameRefill = (one: RefillSetting | undefined, other: RefillSetting | undefined): boolean =>
  one?.tokens === other?.tokens && one?.period === other?.period && one?.cap === other?.cap;

/** The settings after a change at `at`; undefined switches refills off, and nothing of before counts any more. */
export function changeRefills(
  refills: Refills,
  setting: RefillSetting | undefined,
  at: number,
): readonly RefillPolicy[] {
  if (!setting) return [];
  const { tokens, period, cap } = setting;
  // The clock may have been set back.
  const before = refills.filter((policy) => policy.at < at);
  const [earlier, last] = [before.at(-2), before.at(-1)];
  // One that no period began under is left out, unless one of before would then pay for its time.
  const idle = last && countUntil(last.period, at) <= countUntil(last.period, last.at);
  if (idle && (earlier ?? last).period === last.period) before.pop();
  return [...before, { tokens, period, cap, at }];
}

/** The times after the first and up to the second at which a period that counts for the account may begin, by policy. */
function* windows(refills: Refills, { created, refilled }: Pick<Refillable, "created" | "refilled">) {
  for (const [place, policy] of refills.entries()) {
    const until = refills[place + 1]?.at ?? Number.POSITIVE_INFINITY;
    yield { policy, after: Math.max(policy.at, created, refilled), until };
  }
}

/** Undefined if no period that counts for the account has begun. */
export function unpaidPeriods(
  refills: Refills,
  account: Pick<Refillable, "created" | "refilled">,
  now: number,
): Unpaid | undefined {
  let unpaid: Unpaid | undefined;
  for (const { policy, after, until } of windows(refills, account)) {
    const last = countUntil(policy.period, Math.min(until, now));
    const count = last - countUntil(policy.period, after);
    if (count <= 0) continue;
    const start = startOf(policy.period, last);
    const parts = [...(unpaid?.parts ?? []), { tokens: count * policy.tokens, cap: capOf(policy) }];
    unpaid = { id: REFILL_ID + periodName(policy.period, start), start, parts };
  }
  return unpaid;
}

/** What is due to an account at `now`; undefined if no unpaid period has begun. */
export function dueRefill(refills: Refills, account: Refillable, now: number): DueRefill | undefined {
  const unpaid = unpaidPeriods(refills, account, now);
  return unpaid && { id: unpaid.id, start: unpaid.start, tokens: amountOf(unpaid, account.tokens) };
}

/** What the unpaid periods add to a balance. */
export function amountOf({ parts }: Unpaid, balance: number): number {
  let tokens = balance;
  for (const part of parts) tokens = Math.max(tokens, Math.min(part.cap, tokens + part.tokens));
  return tokens - balance;
}

/**
 * The start of the last period that may have to be paid at any moment: that of the last setting, if its period begins after
 * `at`, else `before`, of an older one. 0: none.
 */
export function lastStarts(refills: Refills): { period: Period; at: number; before: number } | undefined {
  const last = refills.at(-1);
  if (!last) return undefined;
  const starts = refills.slice(0, -1).map(({ period, at }, place) => {
    const start = startOf(period, countUntil(period, refills[place + 1]?.at ?? at));
    return start > at ? start : 0;
  });
  return { period: last.period, at: last.at, before: Math.max(0, ...starts) };
}

const capOf = ({ cap }: RefillSetting) => cap ?? Number.MAX_SAFE_INTEGER;

/** The first period that begins after `now` and pays the account. */
function nextPeriod(refills: Refills, account: Pick<Refillable, "created" | "refilled">, now: number) {
  for (const { policy, after, until } of windows(refills, account)) {
    const at = startOf(policy.period, countUntil(policy.period, Math.max(after, now)) + 1);
    if (at <= until) return { policy, at };
  }
  return undefined;
}

/** Until when nothing is due to an account to which nothing is due at `now`; infinity if refills are off. */
export const nextStart = (
  refills: Refills,
  account: Pick<Refillable, "created" | "refilled">,
  now: number,
): number => nextPeriod(refills, account, now)?.at ?? Number.POSITIVE_INFINITY;

/** What an account to which nothing is due gets next, if its balance stays as it is; undefined for nothing. */
export function nextRefill(
  refills: Refills,
  account: Refillable,
  now: number,
): { tokens: number; at: number } | undefined {
  const next = nextPeriod(refills, account, now);
  if (!next) return undefined;
  const tokens = Math.min(next.policy.tokens, capOf(next.policy) - account.tokens);
  return tokens > 0 ? { tokens, at: next.at } : undefined;
}

/** The reason in the ledger of a refill with that id. */
export const refillReason = (id: string): string => id.replace(":", " ");
