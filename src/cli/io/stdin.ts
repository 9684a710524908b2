import { fstatSync } from "node:fs";
import { ClientError } from "../../client/failure.ts";

/** The type of stdin. Pipes and files are read by default, others only on request (docs/cli.md#standard-input). */
export type StdinKind = "terminal" | "pipe" | "file" | "other";

/** Maximum size of stdin, in bytes. */
const LIMIT = 1024 * 1024;
/** Milliseconds without the end of stdin after which a note says what the program waits for. */
const NOTE_AFTER = 3000;

/** The type of a file descriptor; default: stdin. */
export function stdinKind(fd = 0): StdinKind {
  // Not imported: it loads the network, which a command without a server does not need.
  if (process.getBuiltinModule("node:tty").isatty(fd)) return "terminal";
  try {
    // bigint avoids a bug in Node 20.20: fstatSync without it leaves the result for a pipe in an array that
    // realpathSync reads later. realpathSync then stops at symbolic links, and packages in a linked node_modules load
    // twice.
    const stat = fstatSync(fd, { bigint: true });
    if (stat.isFIFO()) return "pipe";
    return stat.isFile() ? "file" : "other";
  } catch {
    return "other";
  }
}

interface Reading {
  stream: NodeJS.ReadStream;
  signal: AbortSignal;
  /** Called once if stdin has not ended after three seconds. */
  onSlow: () => void;
}

/** UTF-8 as text, without a byte order mark. `from`: where it was. Throws `usage`. */
export function decoded(bytes: Uint8Array, from = "on stdin"): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ClientError("usage", `The text ${from} is not UTF-8.`, {
      hint: "Send text, for example with: iconv -t UTF-8",
      cause: error,
    });
  }
}

function withoutLastLineEnds(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === "\n" || text[end - 1] === "\r")) end -= 1;
  return text.slice(0, end);
}

/** Reads the stream until its end or until `enough` returns true. Rejects with `interrupted` when the signal aborts. */
async function chunks(
  reading: Reading,
  enough: (length: number, chunk: Uint8Array) => boolean,
): Promise<Buffer> {
  const { stream, signal, onSlow } = reading;
  const timer = setTimeout(onSlow, NOTE_AFTER);
  const interrupt = () => stream.destroy(new ClientError("interrupted", "Interrupted."));
  signal.addEventListener("abort", interrupt, { once: true });
  const read: Buffer[] = [];
  let length = 0;
  try {
    if (signal.aborted) throw new ClientError("interrupted", "Interrupted.");
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      read.push(chunk);
      length += chunk.length;
      if (enough(length, chunk)) break;
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", interrupt);
  }
  return Buffer.concat(read);
}

/**
 * Reads all of stdin as text, without the newlines at its end. Throws `ClientError`: `payload_too_large` over 1 MiB,
 * `usage` if it is not UTF-8, `interrupted`.
 */
export async function readStdin(reading: Reading): Promise<string> {
  const bytes = await chunks(reading, (length) => length > LIMIT);
  if (bytes.length > LIMIT)
    throw new ClientError("payload_too_large", "stdin has more than 1 MiB.", {
      hint: "Send less of it, for example with: head -c 30000",
    });
  return withoutLastLineEnds(decoded(bytes));
}

/** Reads all of stdin as text, of any size. Throws as {@link readStdin}. */
export const readText = async (reading: Reading): Promise<string> =>
  decoded(await chunks(reading, () => false));

/** Reads up to `count` lines of stdin, without their line ends and otherwise unchanged. */
export async function readFirstLines(reading: Reading, count: number): Promise<string[]> {
  let ends = 0;
  const bytes = await chunks(reading, (length, chunk) => {
    for (const byte of chunk) if (byte === 0x0a) ends += 1;
    return ends >= count || length > LIMIT;
  });
  const lines: string[] = [];
  for (let at = 0; at < bytes.length && lines.length < count;) {
    const found = bytes.indexOf(0x0a, at);
    const end = found === -1 ? bytes.length : found;
    lines.push(decoded(bytes.subarray(at, end)).replace(/\r$/, ""));
    at = end + 1;
  }
  return lines;
}

/** Reads the first line of stdin; undefined if stdin is empty. */
export async function readFirstLine(reading: Reading): Promise<string | undefined> {
  return (await readFirstLines(reading, 1))[0];
}
