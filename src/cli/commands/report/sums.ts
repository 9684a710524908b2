import type { UseRow } from "../../../server/local.ts";

export type ReportKind = "account" | "day" | "model";

/** A line of the report: the account, day or model that it is about, and what was charged. */
export interface Sum {
  label: string;
  questions: number;
  tokens: number;
}

const DAY = 24 * 60 * 60 * 1000;

/** The UTC day (`YYYY-MM-DD`) of a time. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** The first of `days` UTC days, the last of which is today. */
export const firstDay = (days: number, now: number): string => dayOf(now - (days - 1) * DAY);

const daysFrom = (first: string, days: number) =>
  Array.from({ length: days }, (_, at) => dayOf(Date.parse(first) + at * DAY));

const byName = (a: Sum, b: Sum) => (a.label < b.label ? -1 : 1);

/**
 * The sums of `rows` by what `kind` names. Days are in order, each of the `days` from `first` on is there, and so is a later
 * one with a charge, by a clock that was ahead, and a month. Accounts and models: the most tokens first.
 */
export function sumsOf(
  rows: readonly UseRow[],
  { kind, first, days }: { kind: ReportKind; first: string; days: number },
): Sum[] {
  const sums = new Map<string, Sum>();
  const labels = kind === "day" ? daysFrom(first, days) : [];
  for (const label of labels) sums.set(label, { label, questions: 0, tokens: 0 });
  for (const row of rows) {
    const { [kind]: label, questions, tokens } = row;
    const sum = sums.get(label) ?? { label, questions: 0, tokens: 0 };
    sum.questions += questions;
    sum.tokens += tokens;
    sums.set(label, sum);
  }
  const all = [...sums.values()];
  if (kind === "day") return all.toSorted(byName);
  return all.toSorted((a, b) => b.tokens - a.tokens || b.questions - a.questions || byName(a, b));
}

/** All sums in one. */
export function totalOf(sums: readonly Sum[]): Sum {
  const of = (field: "questions" | "tokens") => sums.reduce((total, sum) => total + sum[field], 0);
  return { label: "total", questions: of("questions"), tokens: of("tokens") };
}
