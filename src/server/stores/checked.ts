/** Damage of a store. */
export interface Finding {
  /** Its name in the data folder; of a database, the table. */
  file: string;
  /** Counted from 1; absent if it is about the whole file, and for a table. */
  line?: number;
  /** The line's first byte, counted from 0. */
  byte?: number;
  /** A sentence without its subject, the file or table. */
  what: string;
  /** What to do about it, in sentences. */
  repair: string;
}

/** What the check of a data folder or a database found. */
export interface Checked {
  /** No damage: a server can start on it. */
  ok: boolean;
  findings: Finding[];
  /** Sentences about what is not damage. */
  notes: string[];
  /** A server is running on the folder; undefined for a database, which does not know. */
  running: boolean | undefined;
  /** Lines of the ledger before the first damage, including the header; rows of a database. */
  lines: number;
  accounts: number;
  /** Sum of all balances. */
  tokens: number;
  /**
   * Of the last line before the first damage, as in the file (docs/ledger.md#key); undefined if there is none, and for a
   * database.
   */
  head: string | undefined;
}
