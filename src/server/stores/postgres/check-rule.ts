/** A wrong row. `bigint` comes as text. */
export type Wrong = Record<string, string | number | null>;

/** Rows that must not exist. */
export interface Rule {
  table: string;
  /** Selects wrong rows with the columns that `what` and `repair` need. */
  sql: string;
  /** A sentence without its subject, the table. */
  what: (row: Wrong) => string;
  /** What to do about it, in sentences. */
  repair: (row: Wrong) => string;
}

/** An SQL literal. */
export const literal = (value: string | number | null | undefined) =>
  `'${String(value).replaceAll("'", "''")}'`;

export const RESTORE = "Nothing was changed. Restore the database from a backup.";

/** What needs no backup, because it follows from other tables. */
export const correct = (statement: string) =>
  `Nothing was changed. To correct it, stop the servers, then: ${statement};`;
