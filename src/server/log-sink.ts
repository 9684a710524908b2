import type { Writable } from "node:stream";
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

const sinks = new WeakMap<Writable, LogSink>();

/**
 * The sink of a stream: its file descriptor, if it has one. Two logs on one stream share it, so that their lines stay whole
 * and in order.
 */
export function sinkOf(stream: Writable & { fd?: number | null }): LogSink {
  // A file that is not open yet has null.
  if (typeof stream.fd !== "number") return stream;
  const sink = sinks.get(stream) ?? openSink(stream.fd);
  sinks.set(stream, sink);
  return sink;
}

/**
 * Pino's asynchronous destination: a slow disk or reader never blocks the event loop. What waits is written when the
 * process exits, also after an uncaught error.
 */
function openSink(fd: number): LogSink {
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
  destination.on("error", ({ code }: NodeJS.ErrnoException) => code !== "EPIPE" && flushSoon());

  const flushSync = destination.flushSync.bind(destination);
  destination.flushSync = () => {
    tries = TRIES_AT_EXIT;
    try {
      flushSync();
    } catch {
      // Nobody reads, or the disk is full; the exit code must not change.
    }
  };

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
  };
}
