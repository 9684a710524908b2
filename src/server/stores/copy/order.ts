import type { AccountId } from "../../core/ports.ts";
import type { Entry } from "./side.ts";

/** Brings entries into an order in which a ledger can hold them. */
export interface Order {
  /** The entries, of this one and those that waited, that can follow now. */
  next(entry: Entry): Entry[];
  /** Entries that still wait: of an account that has no entry of its own, or below zero. */
  waiting(): number;
}

/** What waits of an account. Credits never wait for debits. */
interface Line {
  opened: boolean;
  balance: number;
  credits: Entry[];
  debits: Entry[];
}

/**
 * Entries come by their time, which is not always the order in which they were made: the clocks of servers and
 * databases differ, and Postgres writes down when a transaction began. So an account's first entry comes before its
 * others, and a charge waits until the balance suffices. Charges of one account stay in the order in which they came.
 */
export function createOrder(): Order {
  const lines = new Map<AccountId, Line>();
  let waiting = 0;
  return {
    waiting: () => waiting,
    next(entry) {
      const line = lines.get(entry.account) ?? { opened: false, balance: 0, credits: [], debits: [] };
      lines.set(entry.account, line);
      const out: Entry[] = [];
      if (entry.kind === "account") {
        line.opened = true;
        out.push(entry);
      } else (entry.tokens > 0 ? line.credits : line.debits).push(entry);
      if (line.opened) {
        out.push(...line.credits.splice(0));
        for (const { tokens } of out) line.balance += tokens;
        out.push(...line.debits.splice(0, affordable(line)));
      }
      waiting += 1 - out.length;
      return out;
    },
  };
}

/** How many of the debits can follow; takes them off the balance. */
function affordable(line: Line): number {
  let count = 0;
  for (const { tokens } of line.debits) {
    if (line.balance + tokens < 0) break;
    line.balance += tokens;
    count += 1;
  }
  return count;
}
