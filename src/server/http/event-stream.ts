import type { ServerResponse } from "node:http";
import type { DeltaEvent, DoneEvent } from "../../protocol/replies.ts";
import type { Problem } from "../../protocol/errors.ts";

/** What the API's stream may need beyond its events. */
interface Options {
  /** Sets headers of the moment; called once, right before the head goes out. */
  beforeHead: (replayed: boolean) => void;
  /** Milliseconds without an event after which a `: ping` goes out. */
  silence?: number;
  /** Bytes that may wait for a client that does not read; beyond them it counts as gone. */
  unread?: number;
  /** Milliseconds after which a client that takes nothing of a replay or a `done` is cut off. */
  patience: number;
}

/** One streamed answer on its way to a client (API.md §2). The head goes out with the first delta. */
export interface EventStream {
  /** Whether the head is out, so that a failure must become an event. */
  started: () => boolean;
  /** Hands a piece to the client's socket; false when the socket is gone, or its client reads nothing. */
  delta: (text: string, replayed: boolean) => boolean;
  /**
   * A whole answer that was given before, in deltas of at most 64 KiB of UTF-8, as fast as the client reads; false when
   * the client is gone.
   */
  replay: (response: string) => Promise<boolean>;
  /** The last event, as fast as the client reads; the reply ends. */
  done: (event: DoneEvent) => Promise<void>;
  /** The last event; the reply ends. */
  fail: (problem: Problem) => void;
}

const SILENCE = 15_000;
const UNREAD = 4 * 1024 * 1024;

/** UTF-16 code units; each is at most three bytes of UTF-8, so that a piece has at most 64 KiB. */
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

/** Until the client has taken what waits for it, or is gone. */
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

/** See {@link EventStream}. Takes over `res`: nobody else may write to it. */
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

  /** Writes as fast as the client reads; false when it is gone, or was cut off. */
  async function sendSlowly(text: string): Promise<boolean> {
    const { socket } = res;
    if (isGone() || !socket) return false;
    const { timeout = 0 } = socket;
    // Node's own measure counts every byte that the client takes.
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

/** `JSON.stringify` leaves no line break in its text, so an event's data is always one line. */
const eventOf = (event: string, data: object) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
