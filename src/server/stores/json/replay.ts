import type { Hash } from "node:crypto";
import { post, refute, type Books } from "./books.ts";
import { LEDGER, ledgerDamage } from "./damage.ts";
import { readPieces, type OpenFile } from "./files.ts";
import { isTornHeader, LINE_BYTES, readFact, readHeader } from "./line.ts";

/** A place in the ledger: the byte (from 0) at which a line (from 1) begins. */
export interface Place {
  byte: number;
  line: number;
}

/**
 * What follows the last line that has its newline: nothing; a whole valid line, which counts; or a write that
 * was cut short. `torn` is never acknowledged work: a line is acknowledged after its newline was synced.
 */
export type Tail = { kind: "none" } | { kind: "whole" } | { kind: "torn"; bytes: number };

/** Where a replay ended, a `whole` tail's missing newline counted. */
export interface Replayed extends Place {
  tail: Tail;
}

/**
 * Enters the lines of an open ledger into the books, from `from` up to byte `to` (the file's end by default),
 * without holding the file in memory. The bytes read, less a torn tail, go into `hash`. Throws `Damage`.
 */
export async function replay(ledger: {
  file: OpenFile;
  books: Books;
  from: Place;
  to?: number;
  hash: Hash;
  now: number;
}): Promise<Replayed> {
  const { file, books, hash, now } = ledger;
  const place = { ...ledger.from };
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of readPieces(file, place.byte, ledger.to)) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      const broken = enter(books, place, bytes.subarray(start, end), now);
      if (broken !== undefined) throw ledgerDamage(place, broken);
      place.byte += end + 1 - start;
      place.line += 1;
      start = end + 1;
    }
    hash.update(bytes.subarray(0, start));
    rest = bytes.subarray(start);
    if (rest.length > LINE_BYTES) throw ledgerDamage(place, "the line is longer than any fact.");
  }
  if (rest.length === 0) return { ...place, tail: { kind: "none" } };
  return endWithout(rest, ledger, place);
}

/** The last line has no newline: it counts if it is whole, else it was never finished. */
function endWithout(
  rest: Buffer,
  { books, hash, now }: { books: Books; hash: Hash; now: number },
  place: Place,
): Replayed {
  const broken = enter(books, place, rest, now);
  if (broken === undefined) {
    hash.update(rest).update("\n");
    return { byte: place.byte + rest.length + 1, line: place.line + 1, tail: { kind: "whole" } };
  }
  if (place.line === 1 && !isTornHeader(rest)) throw ledgerDamage(place, broken);
  return { ...place, tail: { kind: "torn", bytes: rest.length } };
}

/** Enters one line; a sentence where it is broken. Throws `Damage` for a whole line that cannot be. */
function enter(books: Books, place: Place, line: Buffer, now: number): string | undefined {
  if (place.line === 1) {
    const header = readHeader(line);
    if (header.kind === "broken") return header.why;
    if (header.kind === "wrong") throw ledgerDamage(place, header.why);
    books.ledger = header.value.ledger;
    books.crc = header.crc;
    return undefined;
  }
  const read = readFact(line, books.crc);
  if (read.kind === "broken") return read.why;
  const wrong = read.kind === "wrong" ? read.why : refute(books, read.value);
  if (wrong !== undefined || read.kind === "wrong") throw ledgerDamage(place, `it is whole, but ${wrong}`);
  post(books, read.value, read.crc, now);
  return undefined;
}

/** A sentence for the operator about a torn tail that was cut off. */
export const tornSentence = ({ line, byte }: Place, bytes: number): string =>
  `${LEDGER}, line ${line} (byte ${byte}): its last write was cut short; ${bytes} bytes that were never acknowledged are cut off.`;
