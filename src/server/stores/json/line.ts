import { factOf, fieldsOf, isFeature, type Line } from "./facts.ts";
import type { LedgerKey } from "./key.ts";
import { isoText, isoTime } from "./shapes.ts";
import { bodyOf, endOf, headOf, unsealed, type Head } from "./seal.ts";

/** Longest line that is written or read, in bytes. It bounds the memory of a reader. */
export const LINE_BYTES = 1024 * 1024;

const FORMAT = "ai-chat-ledger";
const HEADER_FIELDS = ["format", "version", "ledger", "at"];
/** What every header of a version begins with. */
const headerStart = (version: Version) => `{"format":"${FORMAT}","version":${version},"ledger":"`;

/** Version 1 has no features (docs/ledger.md#versions). */
export type Version = 1 | 2;

/** The first line; `ledger` is the id of this ledger, `at` the time of its creation in milliseconds since the epoch. */
export interface Header {
  version: Version;
  ledger: string;
  at: number;
}

/** A line without its newline, and the head with which the check of the next line begins. */
interface Sealed {
  text: string;
  head: Head;
}

/** The header's line; its checksum starts with 0. */
export function headerLine({ version, ledger, at }: Header): Sealed {
  return seal({ format: FORMAT, version, ledger, at: isoText(at) }, 0);
}

/** A fact's line after a line with the head `previous`. RangeError if it is longer than {@link LINE_BYTES}. */
export function factLine(fact: Line, previous: Head, key?: LedgerKey): Sealed {
  const sealed = seal(fieldsOf(fact), previous, key);
  if (Buffer.byteLength(sealed.text) > LINE_BYTES) throw new RangeError("A fact is too long for the ledger.");
  sealed.head = headAfter(fact, sealed.head);
  return sealed;
}

function seal(fields: Record<string, unknown>, previous: Head, key?: LedgerKey): Sealed {
  const body = JSON.stringify(fields).slice(0, -1);
  const head = headOf(body, previous, key);
  return { text: body + endOf(head), head };
}

/** From the line that names a key on, the key makes the heads. */
const headAfter = (fact: Line, head: Head): Head =>
  fact.fact === "feature" && fact.feature === "key" ? fact.mac : head;

/** The bytes of a whole line, with the checksum that it has after another line. Not for lines of a key. */
export function resealed(line: Buffer, previous: Head): { bytes: Buffer; head: Head } {
  const body = bodyOf(line, previous);
  const head = headOf(body, previous, undefined);
  return { bytes: Buffer.concat([body, Buffer.from(endOf(head))]), head };
}

/**
 * `broken`: not a whole line as it was written; `wrong`: its checksum is right, but its content is not; `newer`: it says
 * that only a newer version can read it.
 */
export type Read<T> =
  | { kind: "read"; value: T; head: Head }
  | { kind: "newer"; why: string }
  | { kind: "broken"; why: string }
  | { kind: "wrong"; why: string };

/** Reads a fact's line, without its newline. Throws `KeyError` if it needs a key that is not there. */
export function readFact(line: Buffer, previous: Head, key?: LedgerKey): Read<Line> {
  const opened = unseal(line, previous, key);
  if (opened.kind !== "read") return opened;
  const { fact: kind, feature } = opened.value;
  if (kind === "feature" && !isFeature(feature)) return { kind: "newer", why: unknownFeature(feature) };
  const fact = factOf(opened.value);
  return typeof fact === "string"
    ? { kind: "wrong", why: fact }
    : { kind: "read", value: fact, head: headAfter(fact, opened.head) };
}

/** A sentence without its subject, for a feature that this version does not know. */
export const unknownFeature = (name: unknown): string =>
  `it uses ${JSON.stringify(name)}, which this ai-chat does not know: it was made by a newer ai-chat.`;

/** Reads the header's line, without its newline. */
export function readHeader(line: Buffer): Read<Header> {
  const found = /^\{"format":"([^"]*)","version":(\d+)/.exec(line.toString("latin1", 0, 80));
  if (found?.[1] !== FORMAT) return { kind: "broken", why: "this is not the ledger of a chat server." };
  const version = Number(found[2]);
  if (version !== 1 && version !== 2)
    return {
      kind: "newer",
      why: `the ledger is of version ${version}, which this ai-chat cannot read: it was made by a newer ai-chat.`,
    };
  const opened = unseal(line, 0);
  if (opened.kind !== "read") return opened;
  const { ledger, at } = opened.value;
  const known = Object.keys(opened.value).join() === HEADER_FIELDS.join();
  const ms = typeof at === "string" ? isoTime(at) : undefined;
  if (!known || typeof ledger !== "string" || ledger === "" || ms === undefined)
    return { kind: "wrong", why: "a field of the header is missing, unknown or wrong." };
  return { kind: "read", value: { version, ledger, at: ms }, head: opened.head };
}

/** Whether these bytes are the beginning of a header: the first start was killed while it made the ledger. */
export function isTornHeader(bytes: Buffer): boolean {
  const whole = headerLine({ version: 1, ledger: "0".repeat(36), at: 0 }).text.length;
  return (
    bytes.length < whole &&
    ([1, 2] as const).some((version) => {
      const known = headerStart(version).slice(0, bytes.length);
      return bytes.toString("latin1", 0, known.length) === known;
    })
  );
}

function unseal(line: Buffer, previous: Head, key?: LedgerKey): Read<Record<string, unknown>> {
  const opened = unsealed(line, previous, key);
  if (typeof opened === "string") return { kind: "broken", why: opened };
  try {
    const parsed = JSON.parse(`${opened.body.toString("utf8")}}`) as Record<string, unknown>;
    return { kind: "read", value: parsed, head: opened.head };
  } catch {
    return { kind: "wrong", why: "it is not JSON." };
  }
}
