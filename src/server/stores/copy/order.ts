import type { AccountId } from "../../core/ports.ts";
import type { Entry } from "./side.ts";

/** Sorts entries so that no balance is negative at any point. */
interface Order {
  /** Adds an entry. Returns the entries that can follow now: this one, and entries that waited for it. */
  next(entry: Entry): Entry[];
  /** Number of entries that still wait: their account's first entry did not come, or the balance would be negative. */
  waiting(): number;
}

/** The waiting entries of an account. */
interface Line {
  opened: boolean;
  balance: number;
  credits: Entry[];
  debits: Entry[];
}

/**
 * Entries come sorted by time, which can differ from the order in which they were made: clocks differ, and Postgres
 * records the start of a transaction. So an account's first entry goes before its others, and a charge waits until the
 * balance suffices. Charges of one account keep their order.
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

/** Number of debits that the balance allows. Subtracts them. */
function affordable(line: Line): number {
  let count = 0;
  for (const { tokens } of line.debits) {
    if (line.balance + tokens < 0) break;
    line.balance += tokens;
    count += 1;
  }
  return count;
}
