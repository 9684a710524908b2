import { createHash, type Hash } from "node:crypto";
import { join } from "node:path";
import { createBooks, type Books } from "./books.ts";
import { booksOf, readCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { CHECKPOINT, checkpointDamage, Damage, LEDGER } from "./damage.ts";
import { readPieces, type Files, type OpenFile } from "./files.ts";
import { hasLedger } from "./has-ledger.ts";
import { replay, type Place, type Tail } from "./replay.ts";

/** A folder as it was found. */
export interface Loaded {
  books: Books;
  /** Of the whole lines; a `whole` tail's missing newline counted. Line 1, byte 0: a ledger is still to be made. */
  end: Place;
  tail: Tail;
  /** Over the bytes before `end`. */
  hash: Hash;
  /** Bytes that the checkpoint covers; 0 without one. */
  covered: number;
  /** Facts that were read from the ledger. */
  replayed: number;
}

/** Reads the folder's checkpoint and the ledger past it, and changes nothing. Throws `Damage`. */
export async function load(files: Files, dir: string, now: number): Promise<Loaded> {
  if (!(await hasLedger(files, dir))) return fresh();
  const checkpoint = await readCheckpoint(files, dir);
  const file = await files.open(join(dir, LEDGER), "r");
  try {
    if (checkpoint) return await resume(file, checkpoint, now);
    const hash = createHash("sha256");
    const books = createBooks();
    const end = await replay({ file, books, from: { byte: 0, line: 1 }, hash, now });
    return { books, hash, end, tail: end.tail, covered: 0, replayed: books.n };
  } finally {
    await file.close();
  }
}

function fresh(): Loaded {
  return {
    books: createBooks(),
    end: { byte: 0, line: 1 },
    tail: { kind: "none" },
    hash: createHash("sha256"),
    covered: 0,
    replayed: 0,
  };
}

async function resume(file: OpenFile, checkpoint: Checkpoint, now: number): Promise<Loaded> {
  const { length, lines } = checkpoint;
  const { size } = await file.stat();
  if (size < length) throw ledgerCut(size, checkpoint);
  const hash = createHash("sha256");
  for await (const piece of readPieces(file, 0, length)) hash.update(piece);
  if (hash.copy().digest("hex") !== checkpoint.sha256) throw await explain(file, checkpoint, now);
  const books = booksOf(checkpoint, now);
  const from = { byte: length, line: lines + 1 };
  const end = await replay({ file, books, from, hash, now });
  return { books, hash, end, tail: end.tail, covered: length, replayed: books.n + 1 - lines };
}

/** The bytes that a checkpoint was made from have changed: which line, as the ledger's own checksums tell. */
async function explain(file: OpenFile, checkpoint: Checkpoint, now: number): Promise<Damage> {
  const books = createBooks();
  const start = { byte: 0, line: 1 };
  try {
    await replay({ file, books, from: start, to: checkpoint.length, hash: createHash("sha256"), now });
  } catch (error) {
    if (error instanceof Damage) return error;
    throw error;
  }
  return books.ledger === checkpoint.ledger
    ? checkpointDamage(`it does not fit ${LEDGER}, whose first ${checkpoint.length} bytes are others.`)
    : checkpointDamage(`it was made from another ${LEDGER} than the one beside it.`);
}

/** The ledger has fewer bytes than its checkpoint was made from. */
export function ledgerCut(size: number, { length }: Checkpoint): Damage {
  const what = `it has ${size} bytes, but ${CHECKPOINT} was made from ${length} bytes of it.`;
  const repair =
    `Nothing was changed. Restore ${LEDGER} from a backup, together with the ${CHECKPOINT} of the same time. ` +
    `Without one, what it held is lost.`;
  return new Damage({ file: LEDGER, what, repair });
}
