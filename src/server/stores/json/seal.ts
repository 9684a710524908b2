import { crc32 } from "node:zlib";
import { keyNeeded, macOf, type LedgerKey } from "./key.ts";

/**
 * What ends a line, and begins the check of the next one: its CRC-32; after the line that names a key its HMAC-SHA-256, in
 * hex (docs/ledger.md#checksums).
 */
export type Head = number | string;

/** Bytes of `,"crc":"00000000"}`, and of the same with an HMAC. */
const CRC_BYTES = 18;
const MAC_BYTES = 74;

/** The head of a line. `body`: its text without its end. Throws `KeyError` without the key that the line before needs. */
export function headOf(body: string | Uint8Array, previous: Head, key: LedgerKey | undefined): Head {
  if (typeof previous === "number") return crc32(body, previous);
  if (!key) throw keyNeeded();
  return macOf(key, previous, body);
}

/** As in the file. */
export const headText = (head: Head): string =>
  typeof head === "number" ? head.toString(16).padStart(8, "0") : head;

/** The end of a line with this head. */
export const endOf = (head: Head): string =>
  typeof head === "number" ? `,"crc":"${headText(head)}"}` : `,"mac":"${head}"}`;

/** A line with its own checksum: what is before it. */
export const bodyOf = (line: Buffer, previous: Head): Buffer =>
  line.subarray(0, Math.max(0, line.length - (typeof previous === "number" ? CRC_BYTES : MAC_BYTES)));

/** Parts a whole line from its end; a sentence if it does not follow the line before. */
export function unsealed(
  line: Buffer,
  previous: Head,
  key: LedgerKey | undefined,
): { body: Buffer; head: Head } | string {
  const body = bodyOf(line, previous);
  const end = line.toString("latin1", body.length);
  const form = typeof previous === "number" ? /^,"crc":"[0-9a-f]{8}"\}$/ : /^,"mac":"[0-9a-f]{64}"\}$/;
  if (body.length === 0 || !form.test(end)) return "the line is not whole.";
  const head = headOf(body, previous, key);
  return end === endOf(head) ? { body, head } : "its checksum does not match it and the line before.";
}
