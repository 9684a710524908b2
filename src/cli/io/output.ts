import { plainText, printableJson } from "../../text/sanitize.ts";

/** The reader of stdout has closed it. The program exits with 0. */
export class ClosedPipe extends Error {
  override readonly name = "ClosedPipe";
}

/** stdout cannot be written, for example because the disk is full. */
export class OutputFailed extends Error {
  override readonly name = "OutputFailed";
}

/** Where a command writes: results to stdout, everything else to stderr. */
export interface Output {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** `--json` was given: only JSON documents are written. */
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether each stream gets colours (docs/cli.md#colour-and-characters). */
  readonly color: { stdout: boolean; stderr: boolean };
  /** Writes text or bytes to stdout unchanged. Rejects with `ClosedPipe` or `OutputFailed`. */
  write: (text: string | Uint8Array) => Promise<void>;
  /** Writes a line to stdout. Control sequences are removed if stdout is a terminal. */
  line: (text: string) => Promise<void>;
  /** Writes a JSON document on one line, with control characters escaped. */
  document: (value: unknown) => Promise<void>;
  /** Writes a line to stderr, unless `--json` or `--quiet` was given. */
  note: (text: string) => void;
  /** Waits up to 2 s for stderr to be written. Returns whether it was. */
  flushed: () => Promise<boolean>;
}

interface OutputOptions {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  json: boolean;
  quiet: boolean;
  color: { stdout: boolean; stderr: boolean };
  /** Called once, when the reader of stdout has closed it. */
  onClosed: () => void;
}

const isClosed = (error: Error) =>
  "code" in error && (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED");

/** Rejects on errors that are thrown as well as on those passed to the callback. */
function written(stream: NodeJS.WriteStream, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** Longest wait for stderr at exit, in milliseconds. */
const TIMEOUT = 2_000;

/** Waits for the stream to be written; false after the timeout, true also if the stream failed. */
async function handedOver(stream: NodeJS.WriteStream): Promise<boolean> {
  if (stream.writableLength === 0) return true;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), TIMEOUT);
    const look = (error?: Error | null) => {
      if (!error && stream.writableLength > 0) {
        stream.write("", look);
        return;
      }
      clearTimeout(timer);
      resolve(true);
    };
    look();
  });
}

/** Creates an `Output`. It handles the streams' error events, which would otherwise end the process. */
export function createOutput(options: OutputOptions): Output {
  const { stdout, stderr, json, quiet, color, onClosed } = options;
  let closed = false;
  const close = () => {
    if (!closed) onClosed();
    closed = true;
  };
  stdout.on("error", (error: Error) => {
    if (isClosed(error)) close();
  });
  // A closed stderr does not end the program.
  stderr.on("error", () => {});

  const write = async (text: string | Uint8Array): Promise<void> => {
    if (closed) throw new ClosedPipe("stdout is closed");
    try {
      await written(stdout, text);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (!isClosed(error)) throw new OutputFailed(error.message, { cause: error });
      close();
      throw new ClosedPipe("stdout is closed", { cause: error });
    }
  };

  return {
    stdout,
    stderr,
    json,
    quiet,
    color,
    write,
    line: (text) => write(`${stdout.isTTY ? plainText(text) : text}\n`),
    document: (value) => write(`${printableJson(value)}\n`),
    note: (text) => {
      if (!json && !quiet) stderr.write(`${plainText(text)}\n`);
    },
    flushed: () => handedOver(stderr),
  };
}
