import { constants, promises } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { errorCode } from "../../disk/errors.ts";
import { notRegular, openRegular } from "../../disk/regular-file.ts";
import { imageType, type ImageType } from "../../protocol/images.ts";
import { IMAGES } from "../../protocol/limits.ts";
import { codePoints, hasMore } from "../../text/code-points.ts";
import { counted, grouped } from "../../text/numbers.ts";
import { oneLine } from "../../text/sanitize.ts";
import type { LineRange, NamedFile } from "./named-file.ts";

/** Text of a file; `lines` of it. It is not blank. */
export interface TextFile {
  kind: "text";
  name: string;
  text: string;
  lines: number;
}

export interface ImageFile {
  kind: "image";
  name: string;
  type: ImageType;
  bytes: Buffer;
}

/** `why`: a sentence for people; `hint`: another one, what to do. */
export interface RefusedFile {
  kind: "refused";
  why: string;
  hint?: string;
}

export type FileRead = TextFile | ImageFile | RefusedFile;

/** Largest file of which a part can be read, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Most bytes of a character in UTF-8. */
const CHARACTER_BYTES = 4;
const CHUNK = 64 * 1024;
/** Where a binary file has a zero byte. */
const HEAD = 8 * 1024;

const refused = (why: string, hint?: string): RefusedFile => ({
  kind: "refused",
  why,
  ...(hint === undefined ? {} : { hint }),
});

/**
 * Reads a file for a question: a text of at most `most` code points, or an image. Never rejects and never waits for another
 * process: what is no regular file is not read, and a device is not even opened.
 */
export async function readFile(file: NamedFile, most: number): Promise<FileRead> {
  const name = oneLine(file.name);
  let handle: FileHandle | undefined;
  try {
    const found = await promises.stat(file.path);
    if (!found.isFile()) throw notRegular(found.isDirectory());
    handle = await openRegular(file.path, constants.O_RDONLY);
    return await read(handle, { ...file, name }, most);
  } catch (error) {
    return refused(troubleOf(error, name));
  } finally {
    await handle?.close().catch(() => undefined);
  }
}

async function read(handle: FileHandle, { name, range }: NamedFile, most: number): Promise<FileRead> {
  const { size } = await handle.stat();
  const head = await readOn(handle, Buffer.alloc(0), HEAD);
  const type = imageType(head);
  if (type !== undefined)
    return range === undefined ? image(handle, head, name, type, size) : refused(noLines(name));
  if (head.toString("latin1").startsWith("%PDF-"))
    return refused(`${name} is a PDF.`, "Save its text in a file first, for example with: pdftotext");
  const bound = range === undefined ? Math.min(MOST_BYTES, most * CHARACTER_BYTES) : MOST_BYTES;
  // The size may be unknown (/proc says 0) or grow.
  const bytes = size > bound ? undefined : await readOn(handle, head, bound + 1);
  if (head.includes(0) && !isUtf16(head)) return refused(`${name} is a binary file.`);
  if (bytes === undefined || bytes.length > bound)
    return refused(
      `${name} is too large: it has ${megabytes(Math.max(size, bound + 1))}.`,
      partHint(most, bound),
    );
  return textOf(range === undefined ? bytes : linesOf(bytes, range), name, range, most);
}

async function image(
  handle: FileHandle,
  head: Buffer,
  name: string,
  type: ImageType,
  size: number,
): Promise<FileRead> {
  const bytes = size > IMAGES.bytes ? undefined : await readOn(handle, head, IMAGES.bytes + 1);
  if (bytes !== undefined && bytes.length <= IMAGES.bytes) return { kind: "image", name, type, bytes };
  const most = megabytes(IMAGES.bytes);
  return refused(`${name} has ${megabytes(Math.max(size, IMAGES.bytes + 1))}; an image may have ${most}.`);
}

function textOf(bytes: Buffer, name: string, range: LineRange | undefined, most: number): FileRead {
  let text;
  try {
    // Removes a byte order mark.
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return refused(`${name} is not UTF-8 text.`, "Convert it first, for example with: iconv -t UTF-8");
  }
  if (text.includes("\0")) return refused(`${name} is a binary file.`);
  if (range !== undefined && bytes.length === 0) return refused(`${name}: the file has fewer lines.`);
  if (text.trim() === "")
    return refused(range === undefined ? `${name} is empty.` : `${name}: these lines are empty.`);
  if (hasMore(text, most))
    return refused(
      `${name} is too large: it has ${grouped(codePoints(text))} characters.`,
      partHint(most, 0),
    );
  return { kind: "text", name, text, lines: lineCount(text) };
}

const noLines = (name: string) => `${name} is an image: it has no lines.`;

const partHint = (most: number, bound: number) =>
  bound === MOST_BYTES
    ? `Only files of at most ${megabytes(MOST_BYTES)} are read.`
    : `A question may have ${counted(most, "character")}. Name a part, such as FILE#1-200.`;

/** UTF-16 with a byte order mark has zero bytes, and is text. */
const isUtf16 = (head: Buffer) =>
  head.length > 1 && (head.readUInt16BE(0) === 0xfeff || head.readUInt16BE(0) === 0xfffe);

/** The bytes of what was read before and of what follows, at most `most` in all. */
async function readOn(handle: FileHandle, before: Buffer, most: number): Promise<Buffer> {
  const parts = [before];
  for (let length = before.length; length < most;) {
    const part = Buffer.allocUnsafe(Math.min(CHUNK, most - length));
    const { bytesRead } = await handle.read(part, 0, part.length);
    if (bytesRead === 0) break;
    parts.push(part.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(parts);
}

const LINE_END = 0x0a;

/** Those lines with their ends; empty if there are fewer. */
function linesOf(bytes: Buffer, { first, last }: LineRange): Buffer {
  let from = 0;
  for (let line = 1; line < first; line += 1) {
    const end = bytes.indexOf(LINE_END, from);
    if (end === -1) return bytes.subarray(0, 0);
    from = end + 1;
  }
  let to = from;
  for (let line = first; line <= last && to < bytes.length; line += 1) {
    const end = bytes.indexOf(LINE_END, to);
    to = end === -1 ? bytes.length : end + 1;
  }
  return bytes.subarray(from, to);
}

function lineCount(text: string): number {
  let lines = text.endsWith("\n") ? 0 : 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}

const megabytes = (bytes: number) => `${(Math.ceil((bytes / 1024 / 1024) * 10) / 10).toFixed(1)} MiB`;

function troubleOf(error: unknown, name: string): string {
  const code = errorCode(error) ?? "unknown error";
  if (code === "EISDIR") return `${name} is a folder.`;
  if (code === "NOT_REGULAR" || code === "ENXIO") return `${name} is no regular file, and is not read.`;
  if (code === "ENOENT" || code === "ENOTDIR") return `There is no file ${name}.`;
  if (code === "EACCES" || code === "EPERM") return `${name} can't be read: permission denied.`;
  return `${name} can't be read (${code}).`;
}
