import { createHash } from "node:crypto";
import { join } from "node:path";
import { createBooks, linesOf, type Books } from "./books.ts";
import { booksOf, checkpointOf, isEnough } from "./checkpoint.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint-file.ts";
import { LEDGER } from "./damage.ts";
import type { Files } from "./files.ts";
import type { LedgerKey } from "./key.ts";
import { precedesLedger } from "./older-ledger.ts";
import { replay } from "./replay.ts";
import type { Head } from "./seal.ts";

/** What a checkpoint is to cover: the synced bytes of a ledger. */
export interface Wanted {
  dir: string;
  /** Bytes. */
  length: number;
  /** SHA-256 of these bytes, in hex. */
  sha256: string;
  /** Of their last line. */
  head: Head;
  key: LedgerKey | undefined;
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * Replaces the checkpoint of a folder whose ledger grows meanwhile. Reads the last one and the lines since, so that the
 * work does not depend on the length of the ledger. Rejects if the ledger is not the one that is wanted.
 */
export async function makeCheckpoint(
  files: Files,
  { dir, length, sha256, head, key, now }: Wanted,
): Promise<void> {
  const last = await readCheckpoint(files, dir, key);
  const file = await files.open(join(dir, LEDGER), "r");
  let books: Books;
  try {
    const known = last && isEnough(last, key) && !(await precedesLedger(file, last)) ? last : undefined;
    books = known ? booksOf(known, now) : createBooks();
    const from = known ? { byte: known.length, line: known.lines + 1 } : { byte: 0, line: 1 };
    await replay({ file, books, from, to: length, hash: createHash("sha256"), now, key });
  } finally {
    await file.close();
  }
  if (books.head !== head) throw new Error(`${LEDGER} is not what the server wrote`);
  await writeCheckpoint(files, dir, checkpointOf(books, { length, lines: linesOf(books), sha256 }, now), key);
}
