import { plainText, printableJson } from "../../text/sanitize.ts";

/** The reader of stdout has closed it. The program exits with 0. */
export class ClosedPipe extends Error {
  override readonly name = "ClosedPipe";
}

/** stdout cannot be written, for example because the disk is full. */
export class OutputFailed extends Error {
  override readonly name = "OutputFailed";
}

/** Where a command writes: its answer to stdout, all else to stderr. */
export interface Output {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** As `--json` says: documents only. */
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether the streams may have colours (docs/cli.md#colour-and-characters). */
  readonly color: { stdout: boolean; stderr: boolean };
  /**
   * Bytes for stdout, as they are. Resolves when they are handed over; rejects with `ClosedPipe` or `OutputFailed`.
   */
  write: (text: string) => Promise<void>;
  /** A line for a person on stdout, without control sequences on a terminal. */
  line: (text: string) => Promise<void>;
  /** One JSON document on one line, safe for a terminal. */
  document: (value: unknown) => Promise<void>;
  /** A line on stderr; nothing with `--json` or `--quiet`. */
  note: (text: string) => void;
  /** Waits until all of stderr has been handed over, 2 s at most; whether it has. */
  flushed: () => Promise<boolean>;
}

interface OutputOptions {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  json: boolean;
  quiet: boolean;
  color: { stdout: boolean; stderr: boolean };
  /** Told once, when the reader of stdout has gone. */
  onClosed: () => void;
}

const isClosed = (error: Error) =>
  "code" in error && (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED");

/** Writes and waits; a stream that throws at once (a device) rejects like one that fails later. */
function written(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** Milliseconds that the program waits at its end for a reader of stderr. */
const PATIENCE = 2_000;

/** Whether all that was written is handed over within {@link PATIENCE}, or nobody can take it any more. */
function handedOver(stream: NodeJS.WriteStream): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), PATIENCE);
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

/** The streams of the process behind `Output`. Listens to their errors, so that none ends the program by itself. */
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
  // A closed stderr is not an error.
  stderr.on("error", () => {});

  const write = async (text: string): Promise<void> => {
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
