import type { ServerResponse } from "node:http";
import type { DoneEvent } from "../../protocol/replies.ts";
import type { Problem } from "../../protocol/errors.ts";

interface Options {
  /** Called once, right before the head is sent: the headers of the reply, names and values in turn. */
  finishHead: (replayed: boolean) => string[];
  /** Milliseconds without an event after which a `: ping` is sent. */
  silence?: number;
  /** Most bytes that wait for a client that does not read; after that it counts as gone. */
  unread?: number;
  /** Milliseconds without reading after which the connection is closed, during a replay and a `done`. */
  patience: number;
}

/** A streamed answer (docs/http-api.md#streaming). The head is sent with the first delta. */
export interface EventStream {
  /** Whether the head was sent, so that a failure must become an event. */
  started: () => boolean;
  /** Hands a piece to the client's socket; false if the socket is gone or the client does not read. */
  delta: (text: string, replayed: boolean) => boolean;
  /** Sends a kept answer in deltas of at most 64 KiB, as fast as the client reads; false if the client is gone. */
  replay: (response: string) => Promise<boolean>;
  /** Sends the last event, as fast as the client reads, and ends the reply. */
  done: (event: DoneEvent) => Promise<void>;
  /** Sends the last event, and ends the reply. */
  fail: (problem: Problem) => void;
}

const SILENCE = 15_000;
const UNREAD = 4 * 1024 * 1024;

/** A comment, which clients ignore. */
const PING = ": ping\n\n";

/** UTF-16 code units. Each takes at most three bytes of UTF-8, so a piece has at most 64 KiB. */
const PIECE = Math.floor((64 * 1024) / 3);

/** `text` in pieces of at most 64 KiB of UTF-8, without cutting a character. */
function* piecesOf(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    let end = start + PIECE;
    const last = text.charCodeAt(end - 1);
    // The first half of a surrogate pair.
    if (last >= 0xd800 && last <= 0xdbff) end -= 1;
    yield text.slice(start, end);
    start = end;
  }
}

/** Waits until the client has read what was written, or is gone. */
function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      res.off("drain", end);
      res.off("close", end);
      resolve();
    };
    res.on("drain", end);
    res.on("close", end);
  });
}

/** See {@link EventStream}. Nobody else may write to `res`. */
export function createEventStream(
  res: ServerResponse,
  { finishHead, silence = SILENCE, unread = UNREAD, patience }: Options,
): EventStream {
  let pinging: NodeJS.Timeout | undefined;
  /** Events of this tick, and their bytes. One write for all of them costs a fraction of one for each. */
  let joined = "";
  let joinedBytes = 0;

  function sendHead(replayed: boolean): void {
    const head = finishHead(replayed);
    head.push("Content-Type", "text/event-stream; charset=utf-8", "X-Accel-Buffering", "no");
    res.writeHead(200, head);
  }

  const isGone = () => res.destroyed || !res.socket?.writable;

  /** False, and the connection is closed, if more than `unread` bytes wait. */
  function keepsUp(): boolean {
    if (res.writableLength + joinedBytes <= unread) return true;
    res.destroy();
    return false;
  }

  function send(text: string): boolean {
    if (isGone()) return false;
    res.write(text);
    return keepsUp();
  }

  function takeJoined(): string {
    const text = joined;
    joined = "";
    joinedBytes = 0;
    return text;
  }

  function sendJoined(): void {
    const text = takeJoined();
    if (text !== "" && !isGone()) res.write(text);
  }

  /** Sends the text at the end of this tick, together with what else is joined until then. */
  function join(text: string): boolean {
    if (isGone()) return false;
    if (joined === "") {
      pinging?.refresh();
      process.nextTick(sendJoined);
    }
    joined += text;
    joinedBytes += Buffer.byteLength(text);
    return keepsUp();
  }

  function start(replayed: boolean): void {
    sendHead(replayed);
    pinging = setInterval(() => send(PING), silence);
    res.once("close", () => clearInterval(pinging));
  }

  /** Writes as fast as the client reads; false if the client is gone. */
  async function sendSlowly(text: string): Promise<boolean> {
    const { socket } = res;
    if (isGone() || !socket) return false;
    const { timeout = 0 } = socket;
    // The socket's timeout restarts whenever the client has read something.
    socket.setTimeout(patience);
    for (const piece of piecesOf(text)) {
      if (isGone()) break;
      if (!res.write(piece)) await drained(res);
    }
    if (!socket.destroyed) socket.setTimeout(timeout);
    return !isGone();
  }

  return {
    started: () => res.headersSent,
    delta(text, replayed) {
      if (isGone()) return false;
      const event = deltaOf(text);
      // The first true says that the client's socket has the piece: nothing may come in between.
      if (!res.headersSent) {
        start(replayed);
        return send(event);
      }
      return join(event);
    },
    async replay(response) {
      if (isGone()) return false;
      sendHead(true);
      for (const text of piecesOf(response)) {
        if (!(await sendSlowly(deltaOf(text)))) return false;
      }
      return true;
    },
    async done(event) {
      clearInterval(pinging);
      const text = takeJoined() + eventOf("done", event);
      if (text.length <= PIECE && !res.writableNeedDrain && !isGone()) res.end(text);
      else if (await sendSlowly(text)) res.end();
    },
    fail(problem) {
      clearInterval(pinging);
      res.end(takeJoined() + eventOf("error", problem));
    },
  };
}

/** A `DeltaEvent`. Without an object around the text, which takes `JSON.stringify` longer than most pieces. */
const deltaOf = (text: string) => `event: delta\ndata: {"text":${JSON.stringify(text)}}\n\n`;

/** `JSON.stringify` escapes line breaks, so the data is one line. */
const eventOf = (event: string, data: object) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
