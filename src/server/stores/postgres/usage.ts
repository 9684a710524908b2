import type { DayUsage } from "../../core/ports.ts";
import { TODAY } from "./migrations.ts";

/** Usage of account $1 in the last $2 days: one row per day with usage, or one row with `day` NULL. */
export const USAGE = `
SELECT t.today, u.day, u.questions, u.tokens
FROM (SELECT ${TODAY} AS today) t
LEFT JOIN chat_usage u ON u.account = $1 AND u.day > t.today - $2::int4 AND u.day <= t.today`;

/** Sums of the charges of account $1 in the last $2 days by API key, or by model. */
const usageBy = (name: string): string => `
SELECT ${name} AS name, count(*) AS questions, -sum(l.tokens) AS tokens
FROM chat_ledger l LEFT JOIN chat_api_keys k ON k.id = l.api_key
WHERE l.account = $1 AND l.kind = 'charge'
  AND l.at >= to_timestamp((${TODAY} - $2::int4 + 1) * 86400) AND l.at < to_timestamp((${TODAY} + 1) * 86400)
GROUP BY ${name}`;

export const USAGE_BY_KEY = usageBy("k.name");
export const USAGE_BY_MODEL = usageBy("l.model");

/** A row of those. */
export interface NamedRow {
  name: string | null;
  questions: string;
  tokens: string;
}

/** A row of {@link USAGE}. Days are counted from 1970, in UTC, by the database's clock. */
export interface UsageRow {
  today: number;
  day: number | null;
  questions: string;
  tokens: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** The last `days` UTC days, oldest first, days without use included. */
export function usageOf(rows: UsageRow[], days: number): DayUsage[] {
  const today = rows[0]?.today ?? 0;
  const used = new Map(rows.map((row) => [row.day, row]));
  return Array.from({ length: days }, (_, index) => {
    const day = today - days + 1 + index;
    const use = used.get(day);
    return {
      date: new Date(day * DAY_MS).toISOString().slice(0, 10),
      questions: Number(use?.questions ?? 0),
      tokens: Number(use?.tokens ?? 0),
    };
  });
}
