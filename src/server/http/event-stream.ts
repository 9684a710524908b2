import type { ServerResponse } from "node:http";
import type { DeltaEvent, DoneEvent } from "../../protocol/replies.ts";
import type { Problem } from "../../protocol/errors.ts";

interface Options {
  /** Called once, right before the head is sent: sets the headers that are known only then. */
  beforeHead: (replayed: boolean) => void;
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
  { beforeHead, silence = SILENCE, unread = UNREAD, patience }: Options,
): EventStream {
  let pinging: NodeJS.Timeout | undefined;

  function sendHead(replayed: boolean): void {
    beforeHead(replayed);
    res.setHeader("Content-Type", "text/event-stream; charset=utf-8");
    res.setHeader("Cache-Control", "no-store");
    res.setHeader("X-Accel-Buffering", "no");
    res.writeHead(200);
  }

  const isGone = () => res.destroyed || !res.socket?.writable;

  function send(text: string): boolean {
    if (isGone()) return false;
    res.write(text);
    if (res.writableLength <= unread) return true;
    res.destroy();
    return false;
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
      if (!res.headersSent) {
        sendHead(replayed);
        pinging = setInterval(() => send(": ping\n\n"), silence);
        res.once("close", () => clearInterval(pinging));
      }
      pinging?.refresh();
      return send(eventOf("delta", { text } satisfies DeltaEvent));
    },
    async replay(response) {
      if (isGone()) return false;
      sendHead(true);
      for (const text of piecesOf(response)) {
        if (!(await sendSlowly(eventOf("delta", { text } satisfies DeltaEvent)))) return false;
      }
      return true;
    },
    async done(event) {
      clearInterval(pinging);
      if (await sendSlowly(eventOf("done", event))) res.end();
    },
    fail(problem) {
      clearInterval(pinging);
      res.end(eventOf("error", problem));
    },
  };
}

/** `JSON.stringify` escapes line breaks, so the data is one line. */
const eventOf = (event: string, data: object) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
