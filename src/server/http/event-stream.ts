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
}

/** One streamed answer on its way to a client (API.md §2). The head goes out with the first delta. */
export interface EventStream {
  /** Whether the head is out, so that a failure must become an event. */
  started: () => boolean;
  /** Hands a piece to the client's socket; false when the socket is gone, or its client reads nothing. */
  delta: (text: string, replayed: boolean) => boolean;
  /** The last event; the reply ends. */
  done: (event: DoneEvent) => void;
  /** The last event; the reply ends. */
  fail: (problem: Problem) => void;
}

const SILENCE = 15_000;
const UNREAD = 4 * 1024 * 1024;

/** See {@link EventStream}. Takes over `res`: nobody else may write to it. */
export function createEventStream(
  res: ServerResponse,
  { beforeHead, silence = SILENCE, unread = UNREAD }: Options,
): EventStream {
  let pinging: NodeJS.Timeout | undefined;

  function sendHead(replayed: boolean): void {
    beforeHead(replayed);
    res.setHeader("Content-Type", "text/event-stream; charset=utf-8");
    res.setHeader("Cache-Control", "no-store");
    res.setHeader("X-Accel-Buffering", "no");
    res.writeHead(200);
    pinging = setInterval(() => send(": ping\n\n"), silence);
    res.once("close", () => clearInterval(pinging));
  }

  function send(text: string): boolean {
    if (res.destroyed || !res.socket?.writable) return false;
    res.write(text);
    if (res.writableLength <= unread) return true;
    res.destroy();
    return false;
  }

  function end(event: string, data: object): void {
    clearInterval(pinging);
    res.end(eventOf(event, data));
  }

  return {
    started: () => res.headersSent,
    delta(text, replayed) {
      if (res.destroyed || !res.socket?.writable) return false;
      if (!res.headersSent) sendHead(replayed);
      pinging?.refresh();
      return send(eventOf("delta", { text } satisfies DeltaEvent));
    },
    done: (event) => end("done", event),
    fail: (problem) => end("error", problem),
  };
}

/** `JSON.stringify` leaves no line break in its text, so an event's data is always one line. */
const eventOf = (event: string, data: object) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
