import { crc32 } from "node:zlib";
import { factOf, fieldsOf, isFeature, isoText, isoTime, type Line } from "./facts.ts";

/** Longest line that is written or read, in bytes. It bounds the memory of a reader. */
export const LINE_BYTES = 1024 * 1024;

const FORMAT = "ai-chat-ledger";
const HEADER_FIELDS = ["format", "version", "ledger", "at"];
/** What every header of a version begins with. */
const headerStart = (version: Version) => `{"format":"${FORMAT}","version":${version},"ledger":"`;
/** Bytes of `,"crc":"00000000"}`. */
const SEAL_BYTES = 18;

/** Version 1 has no features (docs/ledger.md#versions). */
export type Version = 1 | 2;

/** The first line; `ledger` is the id of this ledger, `at` the time of its creation in milliseconds since the epoch. */
export interface Header {
  version: Version;
  ledger: string;
  at: number;
}

/** A line without its newline, and its checksum, with which the checksum of the next line starts. */
interface Sealed {
  text: string;
  crc: number;
}

/** The header's line; its checksum starts with 0. */
export function headerLine({ version, ledger, at }: Header): Sealed {
  return seal({ format: FORMAT, version, ledger, at: isoText(at) }, 0);
}

/** A fact's line after a line with checksum `previous`. RangeError if it is longer than {@link LINE_BYTES}. */
export function factLine(fact: Line, previous: number): Sealed {
  const sealed = seal(fieldsOf(fact), previous);
  if (Buffer.byteLength(sealed.text) > LINE_BYTES) throw new RangeError("A fact is too long for the ledger.");
  return sealed;
}

function seal(fields: Record<string, unknown>, previous: number): Sealed {
  const body = JSON.stringify(fields).slice(0, -1);
  const crc = crc32(body, previous);
  return { text: body + sealEnd(crc), crc };
}

const sealEnd = (crc: number) => `,"crc":"${crc.toString(16).padStart(8, "0")}"}`;

/** The bytes of a whole line, with the checksum that it has after another line. */
export function resealed(line: Buffer, previous: number): { bytes: Buffer; crc: number } {
  const body = line.subarray(0, line.length - SEAL_BYTES);
  const crc = crc32(body, previous);
  return { bytes: Buffer.concat([body, Buffer.from(sealEnd(crc))]), crc };
}

/**
 * `broken`: not a whole line as it was written; `wrong`: its checksum is right, but its content is not; `newer`: it says
 * that only a newer version can read it.
 */
export type Read<T> =
  | { kind: "read"; value: T; crc: number }
  | { kind: "newer"; why: string }
  | { kind: "broken"; why: string }
  | { kind: "wrong"; why: string };

/** Reads a fact's line, without its newline. */
export function readFact(line: Buffer, previous: number): Read<Line> {
  const opened = unseal(line, previous);
  if (opened.kind !== "read") return opened;
  const { fact: kind, feature } = opened.value;
  if (kind === "feature" && !isFeature(feature)) return { kind: "newer", why: unknownFeature(feature) };
  const fact = factOf(opened.value);
  return typeof fact === "string"
    ? { kind: "wrong", why: fact }
    : { kind: "read", value: fact, crc: opened.crc };
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
  return { kind: "read", value: { version, ledger, at: ms }, crc: opened.crc };
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

function unseal(line: Buffer, previous: number): Read<Record<string, unknown>> {
  const end = line.length - SEAL_BYTES;
  const seal = /^,"crc":"([0-9a-f]{8})"\}$/.exec(line.toString("latin1", Math.max(0, end)));
  if (end < 1 || !seal) return { kind: "broken", why: "the line is not whole." };
  const crc = crc32(line.subarray(0, end), previous);
  if (crc !== Number.parseInt(seal[1] ?? "", 16))
    return { kind: "broken", why: "its checksum does not match it and the line before." };
  try {
    const parsed = JSON.parse(`${line.toString("utf8", 0, end)}}`) as Record<string, unknown>;
    return { kind: "read", value: parsed, crc };
  } catch {
    return { kind: "wrong", why: "it is not JSON." };
  }
}
