import { ApiError } from "../../core/api-error.ts";
import { linesOf, type Books } from "./books.ts";
import { CHECKPOINT, LEDGER } from "./damage.ts";
import type { KeyFact, Line } from "./facts.ts";
import type { Journal } from "./journal.ts";
import { keyWithId, macOf, type LedgerKey } from "./key.ts";
import { factLine } from "./line.ts";
import { post } from "./post.ts";
import { headText } from "./seal.ts";
import { isoText } from "./shapes.ts";

/** For the operator, when a ledger with facts has got a key. */
export const ADOPTED = `${LEDGER} has a key from now on: every command needs it, and an older ai-chat refuses to start on it. If it had a key before, somebody has removed that: restore a backup.`;

/** For the operator: nothing in the folder shows whether it is all of the ledger. */
export const withoutCheckpoint = (books: Books): string =>
  `There is no ${CHECKPOINT} that was made with the key, so a lost end of ${LEDGER} would not be noticed. It ends with line ${linesOf(books)}, ${headText(books.head)}: compare that with what you noted.`;

/**
 * Writes the line that gives a ledger of version 2 its key, durably. If it cannot be written, the journal is closed, and the
 * ledger is as it was.
 */
export async function adopt(journal: Journal, books: Books, key: LedgerKey, at: number): Promise<void> {
  const fact = keyFact({ n: books.n + 1, at }, journal.synced().sha256, key);
  const { text, head } = factLine(fact, books.head);
  try {
    await journal.append(Buffer.from(`${text}\n`));
  } catch (error) {
    await journal.close();
    throw error instanceof ApiError ? error.cause : error;
  }
  post(books, fact, head, at);
}

/** The fact that gives the key to a ledger whose bytes before it have this SHA-256. */
export function keyFact(place: { n: number; at: number }, sha256: string, key: LedgerKey): KeyFact {
  const named = { ...place, fact: "feature", feature: "key", key: key.id } as const;
  return { ...named, mac: macBefore(named, sha256, key) };
}

export const isKeyFact = (fact: Line): fact is KeyFact => fact.fact === "feature" && fact.feature === "key";

/** Whether the line was written with the key, after bytes with this SHA-256. Throws `KeyError` if it is another key. */
export const isMadeWith = (fact: KeyFact, sha256: string, key: LedgerKey | undefined): boolean =>
  fact.mac === macBefore(fact, sha256, keyWithId(key, fact.key));

/** The HMAC of all bytes before the line, by their SHA-256, and of its own fields. */
const macBefore = ({ n, at, key: id }: Omit<KeyFact, "mac">, sha256: string, key: LedgerKey) =>
  macOf(key, `${sha256} ${n} ${isoText(at)} ${id}`);
