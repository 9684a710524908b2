import { oneLine } from "../../text/sanitize.ts";
import { readAt, type Handle } from "./open-file.ts";
import { decode } from "./decode.ts";
import { FIRST_FORMAT, FORMAT, type Header } from "./record.ts";

/** Bytes that are read first: the header is the first line, or follows one that was cut short. */
const FIRST_BITE = 4 * 1024;
const LARGEST = 64 * 1024;
const NEWLINE = 0x0a;

function headerIn(bytes: Buffer): Header | undefined {
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, from);
    const to = end < 0 ? bytes.length : end;
    for (const decoded of decode(bytes.subarray(from, to))) {
      if (decoded.is === "conversation") return decoded;
      if (decoded.is === "turn") return undefined;
    }
    from = to + 1;
  }
  return undefined;
}

/** The header; `undefined` if the file has none: then it is no conversation. */
export async function readHeader(handle: Handle, size: number): Promise<Header | undefined> {
  for (let bite = FIRST_BITE; ; bite *= 4) {
    const found = headerIn(await readAt(handle, 0, Math.min(bite, size)));
    if (found || bite >= size || bite >= LARGEST) return found && tidy(found);
  }
}

function tidy(header: Header): Header {
  const { server, username } = header;
  return { ...header, server: oneLine(server), username: username === null ? null : oneLine(username) };
}

/** Whether this build can read what follows the header. */
export const isReadable = ({ version }: Header): boolean => version >= 1 && version <= FORMAT;

/** How a header begins as we write it, up to its version. Inside a text its quotes would be escaped. */
const BEGINNING = '{"is":"conversation","version":';

/**
 * Makes the version of a header 2, in place: one byte, so that the file is whole whenever this is interrupted. What is
 * written afterwards is on the disk after it. `handle` must not append. False if somebody edited the header.
 */
export async function raiseVersion(handle: Handle, size: number): Promise<boolean> {
  const head = await readAt(handle, 0, Math.min(LARGEST, size));
  const at = head.indexOf(`${BEGINNING}${FIRST_FORMAT},`);
  if (at < 0) return (await readHeader(handle, size))?.version === FORMAT;
  await handle.write(Buffer.from(String(FORMAT)), 0, 1, at + BEGINNING.length);
  await handle.datasync();
  return (await readHeader(handle, size))?.version === FORMAT;
}
