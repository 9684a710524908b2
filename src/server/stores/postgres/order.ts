import type { AccountId } from "../../core/ports.ts";

/** A row of the ledger. */
export interface Kept {
  account: AccountId;
  kind: string;
  tokens: number;
  /** The account's tokens after it. */
  balance: number;
  /** Null for a row from before they were numbered. */
  n: number | null;
}

/**
 * The ledger with `place`, by which numbered rows are sorted, then by falling balance, then by `n`: charges of one statement,
 * which have one time, have one place, because a server of the version before numbers them backwards.
 */
export const PLACED = `(
  SELECT *, CASE WHEN kind = 'charge' THEN min(n) OVER (PARTITION BY account, at, kind, run) ELSE n END AS place
  FROM (
    SELECT *, row_number() OVER (PARTITION BY account ORDER BY n)
      - row_number() OVER (PARTITION BY account, at, kind ORDER BY n) AS run
    FROM chat_ledger
  ) numbered
)`;

/** Puts rows into the order in which they happened. */
interface Order<Row> {
  /** Adds a row. Returns the rows that follow now: it, and rows that waited for it. */
  next(row: Row): Row[];
  /** After the last row: those that no balance led to, in the order of their times. */
  rest(): Row[];
  /** Those that cannot follow at all: their account's creation is missing, or its balance would be negative. */
  stuck(): Row[];
}

/** The rows of an account. */
interface Line<Row> {
  opened: boolean;
  balance: number;
  waiting: Row[];
}

/** So many rows of an account wait; beyond it their balances do not help. */
const MOST = 1000;

/**
 * Rows come sorted by time until they are numbered, and by number from there on. Times can differ from the order in which rows
 * were made: clocks differ, and Postgres records the start of a transaction. So an account's creation goes before its other
 * rows, and each of them waits until the balance is the one from which it leads to its own.
 */
export function createOrder<Row extends Kept>(): Order<Row> {
  const lines = new Map<AccountId, Line<Row>>();

  /** Takes a row out of those that wait. */
  function take(line: Line<Row>, index: number): Row[] {
    const [row] = line.waiting.splice(index, 1);
    if (!row) return [];
    line.balance += row.tokens;
    line.opened = true;
    return [row];
  }

  function following(line: Line<Row>): number {
    if (!line.opened) return line.waiting.findIndex(({ kind }) => kind === "account");
    return line.waiting.findIndex(
      (row, index) => row.balance - row.tokens === line.balance || (row.tokens === 0 && index === 0),
    );
  }

  /** Whatever the balances say, but none below zero. */
  function affordable(line: Line<Row>): number {
    return line.opened ? line.waiting.findIndex(({ tokens }) => line.balance + tokens >= 0) : -1;
  }

  function all(line: Line<Row>, find: (line: Line<Row>) => number): Row[] {
    const out: Row[] = [];
    for (let index = find(line); index !== -1; index = find(line)) out.push(...take(line, index));
    return out;
  }

  return {
    next(row) {
      const line = lines.get(row.account) ?? { opened: false, balance: 0, waiting: [] };
      lines.set(row.account, line);
      line.waiting.push(row);
      const out = all(line, following);
      if (line.waiting.length > MOST || row.n !== null) out.push(...all(line, affordable));
      return out;
    },
    rest: () => [...lines.values()].flatMap((line) => all(line, affordable)),
    stuck: () => [...lines.values()].flatMap(({ waiting }) => waiting),
  };
}
