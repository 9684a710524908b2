import type { Hash } from "node:crypto";
import type { Books } from "./books.ts";
import { LEDGER, ledgerDamage, newerLedger } from "./damage.ts";
import { readPieces, type OpenFile } from "./files.ts";
import { isKeyFact, isMadeWith } from "./adopt.ts";
import type { LedgerKey } from "./key.ts";
import { isTornHeader, LINE_BYTES, readFact, readHeader } from "./line.ts";
import { post } from "./post.ts";
import { refute } from "./refute.ts";

/** The start of a line in the ledger: its number (from 1) and its first byte (from 0). */
export interface Place {
  byte: number;
  line: number;
}

/**
 * What follows the last newline: nothing; a complete valid line, which counts; or an incomplete write. A `torn` write was
 * never acknowledged: a line is acknowledged after its newline was synced.
 */
export type Tail = { kind: "none" } | { kind: "whole" } | { kind: "torn"; bytes: number };

/** Where a replay ended; after the missing newline of a `whole` tail. */
export interface Replayed extends Place {
  tail: Tail;
}

/**
 * Posts the lines of an open ledger to the books, from `from` up to byte `to` (by default the end of the file), without
 * holding the file in memory. The bytes, without a torn tail, are added to `hash`. Throws `Damage`, and
 * `KeyError` if the ledger has another key.
 */
export async function replay(ledger: {
  file: OpenFile;
  books: Books;
  from: Place;
  to?: number;
  /** Over the bytes before `from`, unless the line that names a key is before it. */
  hash: Hash;
  now: number;
  key?: LedgerKey | undefined;
}): Promise<Replayed> {
  const { file, hash } = ledger;
  const place = { ...ledger.from };
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of readPieces(file, place.byte, ledger.to)) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let [start, hashed] = [0, 0];
    const hashTo = (end: number) => {
      hash.update(bytes.subarray(hashed, end));
      hashed = end;
    };
    const before = () => {
      hashTo(start);
      return hash.copy().digest("hex");
    };
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      const broken = enter(ledger, place, bytes.subarray(start, end), before);
      if (broken !== undefined) throw ledgerDamage(place, broken);
      place.byte += end + 1 - start;
      place.line += 1;
      start = end + 1;
    }
    hashTo(start);
    rest = bytes.subarray(start);
    if (rest.length > LINE_BYTES) throw ledgerDamage(place, "the line is longer than a fact can be.");
  }
  if (rest.length === 0) return { ...place, tail: { kind: "none" } };
  return endWithout(rest, ledger, place);
}

/** The last line has no newline. It counts if it is complete; otherwise it is a torn write. */
function endWithout(rest: Buffer, reading: Reading & { hash: Hash }, place: Place): Replayed {
  const { hash } = reading;
  const broken = enter(reading, place, rest, () => hash.copy().digest("hex"));
  if (broken === undefined) {
    hash.update(rest).update("\n");
    return { byte: place.byte + rest.length + 1, line: place.line + 1, tail: { kind: "whole" } };
  }
  if (place.line === 1 && !isTornHeader(rest)) throw ledgerDamage(place, broken);
  return { ...place, tail: { kind: "torn", bytes: rest.length } };
}

interface Reading {
  books: Books;
  now: number;
  key?: LedgerKey | undefined;
}

/** Posts one line; a sentence if its checksum is wrong. Throws `Damage` if the checksum is right but the content is not. `before`: SHA-256 of the bytes before it. */
function enter(
  { books, now, key }: Reading,
  place: Place,
  line: Buffer,
  before: () => string,
): string | undefined {
  if (place.line === 1) {
    const header = readHeader(line);
    if (header.kind === "broken") return header.why;
    if (header.kind === "wrong") throw ledgerDamage(place, header.why);
    if (header.kind === "newer") throw newerLedger(place, header.why);
    books.ledger = header.value.ledger;
    books.version = header.value.version;
    books.head = header.head;
    return undefined;
  }
  const read = readFact(line, books.head, key);
  if (read.kind === "broken") return read.why;
  if (read.kind === "newer") throw newerLedger(place, read.why);
  const wrong = read.kind === "wrong" ? read.why : refute(books, read.value);
  if (wrong !== undefined || read.kind === "wrong")
    throw ledgerDamage(place, `its checksum is right, but ${wrong}`);
  if (isKeyFact(read.value) && !isMadeWith(read.value, before(), key))
    throw ledgerDamage(place, "it, or a line before it, was changed by somebody without the key.");
  post(books, read.value, read.head, now);
  return undefined;
}

/** The warning about a torn tail. */
export const tornSentence = ({ line, byte }: Place, bytes: number): string =>
  `${LEDGER}, line ${line} (byte ${byte}): the last write is incomplete; its ${bytes} bytes, which were never acknowledged, are removed.`;
