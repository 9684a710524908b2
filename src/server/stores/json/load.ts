import { createHash, type Hash } from "node:crypto";
import { join } from "node:path";
import { createBooks, linesOf, type Books } from "./books.ts";
import { booksOf, covers, isEnough, isTrusted, type Checkpoint } from "./checkpoint.ts";
import { readCheckpoint } from "./checkpoint-file.ts";
import { checkpointDamage, Damage, LEDGER } from "./damage.ts";
import { readPieces, type Files, type OpenFile } from "./files.ts";
import { hasLedger } from "./has-ledger.ts";
import type { LedgerKey } from "./key.ts";
import { olderThan, precedesLedger } from "./older-ledger.ts";
import { replay, type Place, type Tail } from "./replay.ts";

/** The content of a data folder. */
export interface Loaded {
  books: Books;
  /** After the last complete line and its newline, present or not. Line 1, byte 0: the ledger does not exist yet. */
  end: Place;
  tail: Tail;
  /** Over the bytes before `end`. */
  hash: Hash;
  /** Bytes that the checkpoint covers; 0 without a checkpoint. */
  covered: number;
  /** A checkpoint that is trusted was compared with the ledger: its end was not lost. */
  compared: boolean;
  /** Number of facts read from the ledger. */
  replayed: number;
}

/** Reads the checkpoint, and the ledger from there on. Changes nothing. Throws `Damage`. */
export async function load(files: Files, dir: string, now: number, key?: LedgerKey): Promise<Loaded> {
  if (!(await hasLedger(files, dir))) return fresh();
  const checkpoint = await readCheckpoint(files, dir, key);
  const file = await files.open(join(dir, LEDGER), "r");
  try {
    const resumed = checkpoint && (await resume(file, checkpoint, now, key));
    return resumed ?? (await loadWhole(file, now, key));
  } finally {
    await file.close();
  }
}

/** Reads an open ledger from its first line. Throws `Damage`. */
export async function loadWhole(file: OpenFile, now: number, key?: LedgerKey): Promise<Loaded> {
  const hash = createHash("sha256");
  const books = createBooks();
  const end = await replay({ file, books, from: { byte: 0, line: 1 }, hash, now, key });
  return { books, hash, end, tail: end.tail, covered: 0, compared: false, replayed: linesOf(books) - 1 };
}

function fresh(): Loaded {
  return {
    books: createBooks(),
    end: { byte: 0, line: 1 },
    tail: { kind: "none" },
    hash: createHash("sha256"),
    covered: 0,
    compared: false,
    replayed: 0,
  };
}

/** From the first line if the checkpoint does not say enough: an older ai-chat wrote it, or a server without the key. */
async function resume(
  file: OpenFile,
  checkpoint: Checkpoint,
  now: number,
  key: LedgerKey | undefined,
): Promise<Loaded | undefined> {
  const { length, lines } = checkpoint;
  const older = await olderThan(file, checkpoint, now, key);
  if (older) throw older;
  if (await precedesLedger(file, checkpoint)) return undefined;
  const hash = createHash("sha256");
  for await (const piece of readPieces(file, 0, length)) hash.update(piece);
  if (!covers(checkpoint, hash.copy().digest("hex"))) throw await explain(file, checkpoint, now, key);
  if (!isEnough(checkpoint, key))
    return { ...(await loadWhole(file, now, key)), compared: isTrusted(checkpoint, key) };
  const books = booksOf(checkpoint, now);
  const from = { byte: length, line: lines + 1 };
  const end = await replay({ file, books, from, hash, now, key });
  return {
    books,
    hash,
    end,
    tail: end.tail,
    covered: length,
    compared: true,
    replayed: linesOf(books) - lines,
  };
}

/** The bytes that a checkpoint covers have changed. Finds the line by the checksums of the ledger. */
async function explain(
  file: OpenFile,
  checkpoint: Checkpoint,
  now: number,
  key: LedgerKey | undefined,
): Promise<Damage> {
  const books = createBooks();
  const start = { byte: 0, line: 1 };
  try {
    const hash = createHash("sha256");
    await replay({ file, books, from: start, to: checkpoint.length, hash, now, key });
  } catch (error) {
    if (error instanceof Damage) return error;
    throw error;
  }
  return books.ledger === checkpoint.ledger
    ? checkpointDamage(`it does not match ${LEDGER}: the first ${checkpoint.length} bytes differ.`)
    : checkpointDamage(`it was made from another ${LEDGER}.`);
}
