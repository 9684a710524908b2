import { pseudonymOf } from "../../core/operations.ts";
import type { AccountId, Balance } from "../../core/ports.ts";
import type { AccountBook, Books } from "./books.ts";
import { tokensOf, type Event, type Fact, type Line, type Notice } from "./facts.ts";
import { createBatchInvites, type BatchInvites } from "./invite-books.ts";
import type { LedgerKey } from "./key.ts";
import { factLine } from "./line.ts";
import type { Head } from "./seal.ts";

/** Something to write to the ledger. Whoever commits it has reserved what it needs. */
export interface Entry {
  account: AccountId;
  /** From this entry on; needed by `account` and `renamed`. */
  name?: string;
  /** Or what it is after the entries before it, by the account's tokens. */
  event: Event | ((tokens: number) => Event);
}

/**
 * The entry does not follow the ones before it: a balance would not be exact, a generation is out of order, an invitation
 * has no use left, or the account was deleted.
 */
export class DoesNotFollow extends Error {
  override readonly name = "DoesNotFollow";
}

/** An entry or a notice, and its caller. */
export type Waiting = (
  | { entry: Entry; resolve: (balance: Balance) => void }
  | { notice: Notice; resolve: () => void }
) & { reject: (error: unknown) => void };

/** A line that is to be written. */
export interface Formed {
  line: Line;
  head: Head;
  /** Called once it is durable and posted. */
  posted: () => void;
}

interface Needs {
  /** As they are before the batch; nothing is entered. */
  books: Books;
  /** The time of its facts. */
  at: number;
  /** Of the ledger, if it has one. */
  key: LedgerKey | undefined;
  /** Called once the fact is posted. Returns what its caller gets. */
  settled: (fact: Fact) => Balance;
}

/** Gives the entries their numbers, balances and checksums; refuses those that do not follow. */
export function formBatch(
  batch: Waiting[],
  { books, at, key, settled }: Needs,
): { formed: Formed[]; text: string } {
  const latest = new Map<AccountId, Latest>();
  const formed: Formed[] = [];
  let batchInvites: BatchInvites | undefined;
  const invites = () => (batchInvites ??= createBatchInvites(books, at));
  let { n, head } = books;
  let text = "";
  function add(line: Line, posted: () => void): void {
    const sealed = factLine(line, head, key);
    ({ head } = sealed);
    n += 1;
    text += `${sealed.text}\n`;
    formed.push({ line, head, posted });
  }
  for (const waiting of batch) {
    try {
      if ("notice" in waiting) {
        const { notice, resolve } = waiting;
        if (notice.fact === "invite_revoked" && !invites().revoke(notice.id))
          throw new DoesNotFollow("The invitation is revoked already.");
        add({ n: n + 1, at, ...notice }, resolve);
        continue;
      }
      const { account, event: given } = waiting.entry;
      const before = latest.get(account) ?? books.accounts.get(account) ?? NONE;
      const event = typeof given === "function" ? given(before.tokens) : given;
      const after = follow(before, waiting.entry, event);
      if (event.fact === "account" && event.invite !== undefined && !invites().use(event.invite))
        throw new DoesNotFollow("The invitation has no use left.");
      // The spread is last: V8 takes 8 µs for one that other fields follow.
      const fact: Fact = { n: n + 1, at, account, name: after.name, balance: after.tokens, ...event };
      add(fact, () => waiting.resolve(settled(fact)));
      latest.set(account, after);
    } catch (error) {
      waiting.reject(error);
    }
  }
  return { formed, text };
}

/** What the next entry of an account must follow. */
type Latest = Pick<AccountBook, "name" | "tokens" | "generation" | "deleted">;

const NONE: Latest = { name: "", tokens: 0, generation: 0, deleted: false };

function follow(before: Latest, { account, name = before.name }: Entry, event: Event): Latest {
  const tokens = before.tokens + tokensOf(event);
  if (!Number.isSafeInteger(tokens) || tokens < 0)
    throw new DoesNotFollow(`The balance of an account cannot become ${tokens}.`);
  if (before.deleted && event.fact !== "charge" && event.fact !== "again")
    throw new DoesNotFollow("The account was deleted.");
  const { generation, deleted } = before;
  if (event.fact === "deleted")
    return { name: pseudonymOf(account), tokens, generation: generation + 1, deleted: true };
  if (!("generation" in event)) return { name, tokens, generation, deleted };
  if (event.generation !== generation + 1)
    throw new DoesNotFollow(`Generation ${event.generation} does not follow ${generation}.`);
  return { name, tokens, generation: event.generation, deleted };
}
