import { closeSync, constants, openSync, writeSync } from "node:fs";
import { spawn, type IPtyForkOptions } from "@lydell/node-pty";

/** A program at a terminal of its own. */
export interface Pty {
  readonly pid: number;
  write(keys: string): void;
  resize(columns: number, rows: number): void;
  kill(signal?: string): void;
  onData(listener: (data: string) => void): void;
  /** Called once the program has ended and all that it wrote has been heard. */
  onExit(listener: (end: { exitCode: number; signal?: number }) => void): void;
}

/** What a terminal shows nothing of, and no program of ours writes. */
const MARK = "\0\x7fread to here\0";

/**
 * Starts a program as node-pty does, but loses nothing that it wrote. Left to itself node-pty hears at most 4,095 bytes
 * more once the program has ended (libuv takes a hangup for the end of what can be read), and stops 200 ms later anyhow:
 * a test on a busy machine may not have read its last words by then. So the terminal is kept from hanging up by a
 * handle of ours, and what we write to it at the program's end stands behind all that the program wrote.
 */
export function openPty(file: string, args: string[], options: IPtyForkOptions): Pty {
  const pty = spawn(file, args, options);
  const listeners = new Set<(data: string) => void>();
  const end = isOwnTerminal(pty) ? keptOpen(pty) : undefined;
  let held = "";
  pty.onData((data) => {
    const text = held + data;
    const at = text.indexOf(MARK);
    // A mark may come in two pieces: what could be its beginning waits for the next one.
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

/** What node-pty is made of where there are terminals of Unix. */
interface UnixTerminal {
  /** Where the program's end of the terminal lies. */
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
  // Its own end of patience.
  socket.destroy = () => socket;
  pty.once = (event, listener) => {
    // node-pty waits for this one when it has heard that the program is gone.
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
 * Writes what is left of the mark, as soon as the terminal has room for it: we are who makes room. Where a terminal is
 * taken from everybody at its program's end, as on macOS, there is nothing to wait for.
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

/** The longest end of the text with which a mark begins. */
function beginning(text: string): string {
  for (let length = Math.min(text.length, MARK.length - 1); length > 0; length -= 1) {
    if (MARK.startsWith(text.slice(-length))) return text.slice(-length);
  }
  return "";
}
