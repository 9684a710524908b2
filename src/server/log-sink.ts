import { writeSync } from "node:fs";
import { pino } from "pino";
import { errorCode } from "../disk/errors.ts";

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

/** How often a full pipe is tried again at exit, and how many milliseconds are between. */
const TRIES_AT_EXIT = 20;
const TRY_MS = 100;

/** What pino's destination, a SonicBoom, has not written. */
interface Unwritten {
  _bufs: string[];
  /** What is being written, or what a write that failed has left. */
  _writingBuf: string | Buffer;
  _writing: boolean;
  fd: number;
}

const pause = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TRY_MS);

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
  let timer: NodeJS.Timeout | undefined;
  // False for a full pipe: the destination's own timer would keep the process running until somebody reads.
  const retryEAGAIN = () => false;
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

  // Its own would never end if the disk is full. The exit code must not change.
  destination.flushSync = () => {
    const unwritten = destination as unknown as Unwritten;
    const { _bufs, _writingBuf, _writing } = unwritten;
    const texts = _writing ? _bufs : [_writingBuf, ..._bufs];
    Object.assign(unwritten, { _bufs: [], _writingBuf: _writing ? _writingBuf : "" });
    let bytes = Buffer.concat(texts.map((text) => (typeof text === "string" ? Buffer.from(text) : text)));
    for (let tries = 0; bytes.length > 0 && tries < TRIES_AT_EXIT;) {
      try {
        bytes = bytes.subarray(writeSync(unwritten.fd, bytes));
      } catch (error) {
        if (errorCode(error) !== "EAGAIN") return;
        tries += 1;
        pause();
      }
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
