import type { Checked, Finding } from "../checked.ts";
import { clockSentence, EARLIEST, LATEST_MS } from "../clock.ts";
import type { Rule, Wrong } from "./check-rule.ts";
import { CONSTRAINTS, rules } from "./check-rules.ts";
import type { Query } from "./database.ts";
import { cannotUse } from "./start.ts";
import { inSnapshot, openToRead, type Reading } from "./snapshot.ts";

/** Findings of one rule that are named one by one. */
const NAMED = 5;

/**
 * Compares all tables of a database in its state of one moment, and changes nothing; servers may be running on it. The
 * database does the work, in its own limited memory. Throws `StartupError`.
 */
export async function checkDatabase(
  url: string,
  opening: Reading,
): Promise<Checked & { description: string }> {
  const { database, description } = await openToRead(url, opening);
  try {
    return { ...(await inSnapshot(database, look)), description };
  } catch (error) {
    throw cannotUse(error);
  } finally {
    await database.close();
  }
}

const COUNTS = `
SELECT (SELECT count(*) FROM chat_ledger)::float8 AS lines, (SELECT count(*) FROM chat_accounts)::float8 AS accounts,
  (SELECT coalesce(sum(tokens), 0) FROM chat_accounts)::float8 AS tokens`;

async function look(query: Query): Promise<Checked> {
  const findings: Finding[] = [];
  for (const rule of rules) findings.push(...(await breaches(query, rule)));
  const [counts] = await query<Pick<Checked, "lines" | "accounts" | "tokens">>(COUNTS);
  if (!counts) throw new Error("A count has one row.");
  const notes = await clockNotes(query);
  return { ok: findings.length === 0, findings, notes, running: undefined, ...counts, head: undefined };
}

async function breaches(query: Query, { table, sql, what, repair }: Rule): Promise<Finding[]> {
  const values = sql.includes("$1")
    ? [CONSTRAINTS.map(([of]) => of), CONSTRAINTS.map(([, name]) => name)]
    : [];
  const rows = await query<Wrong & { found: number }>(
    `SELECT *, count(*) OVER ()::float8 AS found FROM (${sql}) wrong LIMIT ${NAMED}`,
    values,
  );
  return rows.map((row, index) => {
    const more = index === rows.length - 1 ? row.found - rows.length : 0;
    const further =
      more > 0 ? ` ${more} further ${more === 1 ? "row has" : "rows have"} the same fault.` : "";
    return { file: table, what: what(row) + further, repair: repair(row) };
  });
}

const CLOCK = `
SELECT account, n, kind, (extract(epoch FROM at) * 1000)::float8 AS at FROM chat_ledger
WHERE at > now() + interval '${LATEST_MS} milliseconds' OR at < to_timestamp(${EARLIEST} / 1000.0)
ORDER BY at DESC LIMIT 1`;

async function clockNotes(query: Query): Promise<string[]> {
  const [row] = await query<{ account: string; kind: string; n: string | null; at: number }>(CLOCK);
  if (!row) return [];
  const number = row.n === null ? "" : ` (row ${row.n})`;
  return [
    clockSentence(`chat_ledger, ${row.kind} of the account ${row.account}${number}`, Math.floor(row.at)),
  ];
}
