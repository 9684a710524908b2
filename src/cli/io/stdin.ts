import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import { ClientError } from "../../client/failure.ts";

/** What stdin is. Pipes and files are read by themselves, others only when asked to (docs/cli.md#standard-input). */
export type StdinKind = "terminal" | "pipe" | "file" | "other";

/** Most that is taken from stdin, in bytes. */
const LIMIT = 1024 * 1024;
/** How long it may take before a person is told what is waited for, in milliseconds. */
const PATIENCE = 3000;

/** What a file descriptor is, stdin's where none is given. */
export function stdinKind(fd = 0): StdinKind {
  if (isatty(fd)) return "terminal";
  try {
    // As bigint: the plain form leaves "a pipe" in an array that Node's realpathSync looks at later (20.20), which then
    // stops at symbolic links, and packages in a linked node_modules are loaded twice and halfway.
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
  /** Called once when the end hasn't come within three seconds. */
  onSlow: () => void;
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ClientError("usage", "The text on stdin is not UTF-8.", {
      hint: "Send text, for instance by way of: iconv -t UTF-8",
      cause: error,
    });
  }
}

function withoutLastLineEnds(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === "\n" || text[end - 1] === "\r")) end -= 1;
  return text.slice(0, end);
}

/** Chunks of the stream until its end, or until `enough` says so. Rejects with `interrupted` when the signal aborts. */
async function chunks(
  reading: Reading,
  enough: (length: number, chunk: Uint8Array) => boolean,
): Promise<Buffer> {
  const { stream, signal, onSlow } = reading;
  const timer = setTimeout(onSlow, PATIENCE);
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
 * stdin as text, to its end, its last line ends dropped. Throws `ClientError`: `payload_too_large` over 1 MiB,
 * `usage` where it isn't UTF-8, `interrupted`.
 */
export async function readStdin(reading: Reading): Promise<string> {
  const bytes = await chunks(reading, (length) => length > LIMIT);
  if (bytes.length > LIMIT)
    throw new ClientError("payload_too_large", "stdin has more than 1 MiB.", {
      hint: "Send less of it, for instance by way of: head -c 30000",
    });
  return withoutLastLineEnds(decoded(bytes));
}

/** The first lines of stdin, at most `count`, their line ends dropped, nothing else trimmed. */
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

/** The first line of stdin, its line end dropped, nothing else trimmed; undefined where nothing came at all. */
export async function readFirstLine(reading: Reading): Promise<string | undefined> {
  return (await readFirstLines(reading, 1))[0];
}
