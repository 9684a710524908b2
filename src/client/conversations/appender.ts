import { constants } from "node:fs";
import { chmod } from "node:fs/promises";
import { dirname } from "node:path";
import type { Kept } from "../kept/kept-file.ts";
import { isMissing } from "../../disk/errors.ts";
import { makeFolder } from "../../disk/make-folder.ts";
import { isReadable, raiseVersion, readHeader } from "./header.ts";
import { troubleOf, type Handle, type OpenFile } from "./open-file.ts";
import { createPlacing, type Unplaced } from "./placing.ts";
import { encode, type Header } from "./record.ts";
import { readEnd } from "./totals.ts";

/** Appends to one file. A failed write is retried, in order, with the next record. */
export interface Appender {
  /** Never rejects. Titles, pins and roles alone don't create the file of a new conversation: they wait for the first turn. */
  append(...records: Unplaced[]): Promise<Kept>;
}

interface AppenderOptions {
  path: string;
  /** Of a new conversation: its file is made with the first turn. */
  header?: Header;
  open: OpenFile;
}

const { O_APPEND, O_CREAT, O_EXCL, O_RDWR } = constants;
const OTHERS = 0o077;

/** How many of the lines are complete in the first `written` bytes; the last one may lack its line end. */
function wholeLines(lines: readonly string[], written: number): number {
  let end = 0;
  return lines.filter((line) => (end += Buffer.byteLength(line)) - 1 <= written).length;
}

/** The file or folder that the system's error names. */
const placeOf = (error: unknown) =>
  error instanceof Error && "path" in error && typeof error.path === "string" ? error.path : undefined;

/** Why this file isn't written to, and what to do. */
class Refused extends Error {}

/**
 * Writes each batch of lines in one write at the end of the file (O_APPEND), so that the lines of two processes do not
 * mix; no lock. Nothing is synced: lines survive a crash of this process, but not always one of the machine.
 */
export function createAppender({ path, header, open }: AppenderOptions): Appender {
  let isNew = header !== undefined;
  const pending: Unplaced[] = [];
  let last: Promise<unknown> = Promise.resolve();

  const create = async (): Promise<Handle> => {
    const dir = dirname(path);
    const made = await makeFolder(dir);
    if (!made) await chmod(dir, 0o700).catch(() => undefined);
    const handle = await open(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL, 0o600);
    isNew = false;
    return handle;
  };

  /** The header, and whether it is still missing: the file is new, or its first write was cut short. */
  const neededHeader = async (
    handle: Handle,
    size: number,
  ): Promise<{ head: Header; isMissing: boolean }> => {
    const found = size === 0 ? undefined : await readHeader(handle, size);
    if (found && !isReadable(found)) throw new Refused("a newer ai-chat wrote it. Update this one.");
    const head = found ?? header;
    if (!head) throw new Refused("it isn't a conversation any more. Look into it, or begin a new one.");
    return { head, isMissing: !found };
  };

  /** A program of version 1 refuses the file from here on. */
  const raise = async (size: number): Promise<void> => {
    // Written through a handle that appends, it would land at the end.
    const handle = await open(path, O_RDWR);
    try {
      if (!(await raiseVersion(handle, size)))
        throw new Refused("its first line was edited. Look into it, or begin a new one.");
    } finally {
      await handle.close();
    }
  };

  /** One write. Removes the complete lines from `pending`; false if the write was cut short. */
  const writeOnce = async (handle: Handle): Promise<boolean> => {
    const { size } = await handle.stat();
    const { head, isMissing: isFirst } = await neededHeader(handle, size);
    const end = await readEnd(handle, size);
    const placing = createPlacing(handle, size, end, head.version);
    const placed = [];
    for (const record of pending) placed.push(await placing.place(record));
    const isRaised = placing.needsVersion > head.version;
    if (isRaised && !isFirst) await raise(size);
    const first = isFirst ? { ...head, version: placing.needsVersion } : undefined;
    const lines = placed.map((record) => encode(record));
    const lead = (end.torn ? "\n" : "") + (first ? encode(first) : "");
    const bytes = Buffer.from(lead + lines.join(""));
    const { bytesWritten } = await handle.write(bytes);
    pending.splice(0, wholeLines(lines, bytesWritten - Buffer.byteLength(lead)));
    return bytesWritten === bytes.length;
  };

  const writeAll = async (): Promise<void> => {
    const handle = isNew ? await create() : await open(path, O_RDWR | O_APPEND);
    try {
      if (((await handle.stat()).mode & OTHERS) !== 0) await handle.chmod(0o600).catch(() => undefined);
      // After a short write, write the rest on a line of its own: if that fails too, its error tells why.
      if (!(await writeOnce(handle)) && !(await writeOnce(handle)) && pending.length > 0)
        throw new Refused("the disk is full. Free some space.");
    } finally {
      await handle.close();
    }
  };

  const flush = async (): Promise<Kept> => {
    if (isNew && pending.every(({ is }) => is === "title" || is === "pin" || is === "role"))
      return { kept: true };
    try {
      if (pending.length > 0) await writeAll();
      return { kept: true };
    } catch (error) {
      return { kept: false, why: whyNot(error) };
    }
  };

  const whyNot = (error: unknown): string => {
    const what = "This conversation can't be kept";
    if (isMissing(error) && !isNew) return `${what}: ${path} was deleted. Begin a new one.`;
    const trouble = error instanceof Refused ? error.message : troubleOf(error);
    return `${what}: ${placeOf(error) ?? path} can't be written: ${trouble}`;
  };

  return {
    append: (...records) => {
      pending.push(...records);
      const result = last.then(flush);
      last = result;
      return result;
    },
  };
}
