import { pino } from "pino";

/** Where lines of a log go. `drain`: what waited was written. */
export interface LogSink {
  /** Bytes that wait. */
  readonly writableLength: number;
  write(text: string): unknown;
  once(event: "drain", listener: () => void): unknown;
}

/** Bytes that are written at once. Fewer wait for {@link GATHER_MS}. */
const GATHER = 4 * 1024;
const GATHER_MS = 50;

/** How often a full pipe is tried again at exit, every 100 ms. */
const TRIES_AT_EXIT = 20;

/** A stream that can be the log, or what takes its place. */
export type LogStream = LogSink & { fd?: number | null };

const sinks = new WeakMap<LogStream, LogSink>();

/**
 * The sink of a stream: its file descriptor, if it has one. Two logs on one stream share it, so that their lines stay whole
 * and in order.
 */
export function sinkOf(stream: LogStream): LogSink {
  // A file that is not open yet has null.
  if (typeof stream.fd !== "number") return stream;
  const sink = sinks.get(stream) ?? openSink(stream.fd);
  sinks.set(stream, sink);
  return sink;
}

/** A sink of a file descriptor. */
export interface FileSink extends LogSink {
  /** Writes what waits, if it can, then goes on with another descriptor; resolves when the first is no longer used. */
  turnTo(fd: number): Promise<void>;
}

/**
 * Pino's asynchronous destination: a slow disk or reader never blocks the event loop. What waits is written when the
 * process exits, also after an uncaught error. `onError` is called for each write that fails.
 */
export function openSink(fd: number, onError: (error: NodeJS.ErrnoException) => void = () => {}): FileSink {
  let waiting = 0;
  let tries = 0;
  let timer: NodeJS.Timeout | undefined;
  // False for a full pipe: the destination's own timer would keep the process running until somebody reads.
  const retryEAGAIN = () => tries-- > 0;
  const destination = pino.destination({ dest: fd, sync: false, minLength: GATHER, retryEAGAIN });

  function flushSoon(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      destination.flush();
    }, GATHER_MS).unref();
  }
  destination.on("write", (bytes: number) => (waiting -= bytes));
  destination.on("drain", () => waiting > 0 && flushSoon());
  destination.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") flushSoon();
    onError(error);
  });

  const flushSync = destination.flushSync.bind(destination);
  destination.flushSync = () => {
    tries = TRIES_AT_EXIT;
    try {
      flushSync();
    } catch {
      // Nobody reads, or the disk is full; the exit code must not change.
    }
  };

  function turnTo(next: number): Promise<void> {
    let left = waiting;
    return new Promise((resolve) => {
      const count = (bytes: number) => void (left -= bytes);
      const turn = (error?: Error) => {
        // More than was left has come since.
        if (left > 0 && !error) return destination.flush();
        destination.off("write", count).off("drain", turn).off("error", turn);
        // What waits goes there. Nothing is being written now.
        Object.assign(destination, { fd: next });
        resolve();
      };
      // Before other listeners, which may begin the next write.
      destination.prependListener("drain", turn).prependListener("error", turn).on("write", count);
      destination.flush();
    });
  }

  return {
    get writableLength() {
      return waiting;
    },
    write(text) {
      waiting += Buffer.byteLength(text);
      destination.write(text);
      flushSoon();
    },
    once: (event, listener) => destination.once(event, listener),
    turnTo,
  };
}
