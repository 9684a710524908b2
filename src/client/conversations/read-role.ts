import { linesBack } from "./lines-back.ts";
import type { Handle } from "./open-file.ts";
import { decode } from "./decode.ts";
import type { Role } from "./record.ts";
import { readEnd } from "./totals.ts";

/** More bytes than the line of the longest role has. */
const LONGEST_LINE = 128 * 1024;

/** The role that a conversation has at the end of its first `size` bytes; undefined if it has none. */
export async function readRole(handle: Handle, size: number): Promise<Role | undefined> {
  const { role: at } = (await readEnd(handle, size)).now;
  if (at === undefined) return undefined;
  for await (const { start, bytes } of linesBack(handle, Math.min(size, at + LONGEST_LINE))) {
    if (start > at) continue;
    const found = start === at ? decode(bytes).findLast((one) => one.is === "role") : undefined;
    return found?.is === "role" ? roleIn(found) : undefined;
  }
  return undefined;
}

const roleIn = ({ name, instructions }: { name: string | null; instructions: string | null }) =>
  name === null || instructions === null ? undefined : { name, instructions };
