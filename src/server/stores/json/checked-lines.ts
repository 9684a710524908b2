import { createHash } from "node:crypto";
import { isKeyFact, isMadeWith } from "./adopt.ts";
import { ledgerDamage, newerLedger } from "./damage.ts";
import type { Line } from "./facts.ts";
import { readPieces, type OpenFile } from "./files.ts";
import { keyTaken, type LedgerKey } from "./key.ts";
import { LINE_BYTES, readFact, readHeader, type Read } from "./line.ts";
import type { Place } from "./replay.ts";
import { unsealed, type Head } from "./seal.ts";

/** Bytes that are read at once. */
const PIECE = 256 * 1024;

/** What the first fields of a fact's line say. */
export interface Opening {
  /** `YYYY-MM-DDTHH:MM:SS.sssZ` */
  at: string;
  fact: string;
  account: string;
}

export type Wanted = (opening: Opening) => boolean;

/** The lines of an open ledger, each checked against the line before as at a start, without keeping any. */
export interface CheckedLines {
  /** Of the ledger; undefined before the header was read. */
  readonly ledger: () => string | undefined;
  /** First byte of the next line. */
  readonly byte: () => number;
  /** The number of lines before it, and the head of the last of them. */
  readonly lines: () => number;
  readonly head: () => Head;
  /**
   * Reads on up to byte `to`, and gives the facts of accounts that are wanted, those of one piece at a time. What follows the
   * last newline is given too if it is a whole line, and read again the next time. Throws `Damage`, and `KeyError` if the
   * ledger has another key, or none.
   */
  read(to: number, wanted: Wanted): AsyncGenerator<Line[]>;
}

/** See {@link CheckedLines}; before the first line. */
export function createCheckedLines(file: Pick<OpenFile, "read">, key: LedgerKey | undefined): CheckedLines {
  const place: Place = { byte: 0, line: 1 };
  let ledger: string | undefined;
  let head: Head = 0;
  /** Number of the first fact, which is line 2. */
  let first = 1;
  /** Over all bytes before the line that names the key. */
  let before = key && createHash("sha256");

  /** The part of a line that `wanted` accepts; undefined for another one. */
  function checked(line: Buffer, wanted: Wanted): Read<Line | undefined> {
    if (place.line === 1) {
      const header = readHeader(line);
      if (header.kind !== "read") return header;
      ledger = header.value.ledger;
      return { ...header, value: undefined };
    }
    const opening = openingOf(line);
    if (!opening || wanted(opening)) return readFact(line, head, key);
    const opened = unsealed(line, head, key);
    if (typeof opened === "string") return { kind: "broken", why: opened };
    return { kind: "read", value: undefined, head: opened.head };
  }

  /** Why the line, whose checksum is wrong, is not what follows; otherwise its fact, if it is wanted. Then the next line follows. */
  function enter(line: Buffer, wanted: Wanted): Line | undefined | string {
    const read = checked(line, wanted);
    if (read.kind === "broken") return read.why;
    if (read.kind === "newer") throw newerLedger(place, read.why);
    if (read.kind === "wrong") throw wrongContent(place, read.why);
    const fact = read.value;
    if (place.line === 2 && fact?.fact === "feature" && fact.feature === "compacted") first = fact.n;
    const follows = first + place.line - 2;
    if (fact && fact.n !== follows)
      throw wrongContent(place, `its number is ${fact.n}, where ${follows} follows.`);
    if (fact && isKeyFact(fact)) {
      if (!isMadeWith(fact, before?.digest("hex") ?? "", key))
        throw ledgerDamage(place, "it, or a line before it, was changed by somebody without the key.");
      before = undefined;
    }
    before?.update(line).update("\n");
    head = read.head;
    place.byte += line.length + 1;
    place.line += 1;
    return fact;
  }

  return {
    ledger: () => ledger,
    byte: () => place.byte,
    lines: () => place.line - 1,
    head: () => head,
    async *read(to, wanted) {
      let rest: Buffer = Buffer.alloc(0);
      for await (const piece of readPieces(file, place.byte, to, PIECE)) {
        const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
        const facts: Line[] = [];
        let start = 0;
        for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
          const fact = enter(bytes.subarray(start, end), wanted);
          if (typeof fact === "string") throw ledgerDamage(place, fact);
          if (fact) facts.push(fact);
          start = end + 1;
        }
        rest = bytes.subarray(start);
        if (rest.length > LINE_BYTES) throw ledgerDamage(place, "the line is longer than a fact can be.");
        yield facts;
      }
      if (key && before && place.line > 1) throw keyTaken();
      const last = rest.length === 0 ? undefined : checked(rest, wanted);
      if (last?.kind === "read" && last.value) yield [last.value];
    },
  };
}

const wrongContent = (place: Place, why: string) => ledgerDamage(place, `its checksum is right, but ${why}`);

const OPENING = /^\{"n":\d+,"at":"([^"]{24})","fact":"(\w+)","account":"([^"]+)"/;

/** Longer than the fields of an opening are. A line with longer ones is read as a whole. */
const OPENING_BYTES = 160;

/** Undefined for what is no fact of an account. */
function openingOf(line: Buffer): Opening | undefined {
  const [, at, fact, account] = OPENING.exec(line.toString("latin1", 0, OPENING_BYTES)) ?? [];
  return at !== undefined && fact !== undefined && account !== undefined ? { at, fact, account } : undefined;
}
