/** Times that a right clock never gave a fact: before 2020, when there was no such ledger. Milliseconds since the epoch. */
export const EARLIEST = Date.UTC(2020, 0, 1);

/** Milliseconds by which the clocks of several machines, and of time zones set wrong, may differ without a warning. */
export const LATEST_MS = 24 * 60 * 60 * 1000;

/** About the fact `where` (line or row) with a time that cannot be right. */
export function clockSentence(where: string, at: number): string {
  const what = at < EARLIEST ? "before 2020" : "more than a day ahead";
  return `${where}: its time is ${new Date(at).toISOString()}, which is ${what}. A clock was or is wrong. No balance changes because of it.`;
}
