import { closeSync, constants, openSync, writeSync } from "node:fs";
import { spawn, type IPtyForkOptions } from "@lydell/node-pty";

/** A program at its own terminal. */
export interface Pty {
  readonly pid: number;
  write(keys: string): void;
  resize(columns: number, rows: number): void;
  kill(signal?: string): void;
  onData(listener: (data: string) => void): void;
  /** Called once the program has ended and all its output has been read. */
  onExit(listener: (end: { exitCode: number; signal?: number }) => void): void;
}

/** Bytes that a terminal does not show and that no program under test writes. */
const MARK = "\0\x7fread to here\0";

/**
 * Starts a program as node-pty does, but loses none of its output. node-pty reads at most 4,095 more bytes after the
 * program has ended (libuv treats a hangup as the end of the data), and stops after 200 ms: on a busy machine a test
 * can miss the last output. So an open handle keeps the terminal from hanging up, and the mark that is written to it at
 * the program's end comes after all of the program's output.
 */
export function openPty(file: string, args: string[], options: IPtyForkOptions): Pty {
  const pty = spawn(file, args, options);
  const listeners = new Set<(data: string) => void>();
  const end = isOwnTerminal(pty) ? keptOpen(pty) : undefined;
  let held = "";
  pty.onData((data) => {
    const text = held + data;
    const at = text.indexOf(MARK);
    // A mark can arrive in two pieces: a possible beginning waits for the next piece.
    held = at === -1 ? beginning(text) : "";
    const said = at === -1 ? text.slice(0, text.length - held.length) : text.slice(0, at);
    if (said !== "") for (const listener of listeners) listener(said);
    if (at !== -1) end?.();
  });
  return {
    pid: pty.pid,
    write: (keys) => pty.write(keys),
    resize: (columns, rows) => pty.resize(columns, rows),
    kill: (signal) => pty.kill(signal),
    onData: (listener) => void listeners.add(listener),
    onExit: (listener) => void pty.onExit(listener),
  };
}

/** Internals of node-pty's Unix terminal. */
interface UnixTerminal {
  /** The path of the program's end of the terminal. */
  _pty: string;
  _socket: { destroy(error?: Error): unknown };
  once(event: string, listener: () => void): unknown;
}

const isOwnTerminal = (pty: object): pty is UnixTerminal => "_pty" in pty && "_socket" in pty;

/** Keeps the terminal open until the returned function is called; writes the mark when the program has ended. */
function keptOpen(pty: UnixTerminal): () => void {
  const { _pty: path, _socket: socket } = pty;
  const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  const destroy = socket.destroy.bind(socket);
  const once = pty.once.bind(pty);
  // Disables the 200 ms limit.
  socket.destroy = () => socket;
  pty.once = (event, listener) => {
    // node-pty waits for this event after the program has ended.
    const outcome = once(event, listener);
    if (event === "close") mark(fd, finish);
    return outcome;
  };
  const finish = () => {
    closeSync(fd);
    socket.destroy = destroy;
    destroy();
  };
  return finish;
}

/**
 * Writes the rest of the mark as soon as the terminal has room, which our reading makes. On systems that close a
 * terminal at its program's end, such as macOS, the write fails and there is nothing to wait for.
 */
function mark(fd: number, giveUp: () => void, left: Uint8Array = Buffer.from(MARK)): void {
  let taken = 0;
  try {
    taken = writeSync(fd, left);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return giveUp();
  }
  if (taken < left.length) setImmediate(() => mark(fd, giveUp, left.subarray(taken)));
}

/** The longest end of the text that is a beginning of the mark. */
function beginning(text: string): string {
  for (let length = Math.min(text.length, MARK.length - 1); length > 0; length -= 1) {
    if (MARK.startsWith(text.slice(-length))) return text.slice(-length);
  }
  return "";
}
