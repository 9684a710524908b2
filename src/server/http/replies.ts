import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Bag } from "../core/bag.ts";
import type { Budget } from "./budget.ts";
import { holdReading } from "./hold-reading.ts";

/** The replies that the operating system has not taken completely yet. */
export interface Replies {
  /** Resolves when all present replies were sent or their connections are closed. */
  sent(): Promise<void>;
  /** The reply to the newest request of a connection, unless that request is complete and its reply was sent. */
  last(socket: Socket): ServerResponse | undefined;
}

/** With so many unanswered requests, nothing more is read from a connection. */
const AHEAD = 8;

/** What a request takes in memory besides its body, in bytes. */
const REQUEST = 4 * 1024;

/** One connection's. */
interface Unsent {
  replies: Bag<ServerResponse>;
  /** See {@link Replies}. */
  last: ServerResponse | undefined;
  /** Bytes that are counted for requests that came with others in one packet. */
  counted: number;
  /** Goes on reading; undefined while it is read. */
  release: (() => void) | undefined;
}

/**
 * See {@link Replies}. Stops reading from a connection that has {@link AHEAD} of them. More that come in the same packet
 * count in the budget; if that has no room, the connection is closed, as if its client had left. Node's
 * `closeIdleConnections`, and so `close`, count a connection as idle as soon as its reply has ended, even if most of it
 * still waits for a slow client, who would lose it.
 */
export function trackReplies(server: Server, budget: Budget): Replies {
  const all = new Map<Socket, Unsent>();

  function addTo(unsent: Unsent, socket: Socket): void {
    if (unsent.replies.size < AHEAD) return;
    unsent.release ??= holdReading(socket);
    if (unsent.replies.size === AHEAD) return;
    if (budget.take(REQUEST)) unsent.counted += REQUEST;
    else socket.destroy();
  }
  function takeFrom(unsent: Unsent): void {
    const { replies, counted, release } = unsent;
    if (release === undefined || replies.size >= AHEAD) return;
    budget.give(counted);
    unsent.counted = 0;
    unsent.release = undefined;
    release();
  }

  server.on("connection", (socket: Socket) => {
    const unsent: Unsent = { replies: new Bag(), last: undefined, counted: 0, release: undefined };
    all.set(socket, unsent);
    socket.once("close", () => {
      all.delete(socket);
      budget.give(unsent.counted);
      unsent.counted = 0;
    });
  });
  server.on("request", (req, res) => {
    const unsent = all.get(req.socket);
    // The connection is closed.
    if (!unsent) return;
    const entry = unsent.replies.add(res);
    unsent.last = res;
    addTo(unsent, req.socket);
    res.once("close", () => {
      unsent.replies.remove(entry);
      takeFrom(unsent);
      if (req.complete && unsent.last === res) unsent.last = undefined;
    });
  });
  return {
    async sent() {
      const pairs = [...all].flatMap(([socket, { replies }]) =>
        replies.items().map((res) => closed(socket, res)),
      );
      await Promise.all(pairs);
    },
    last: (socket) => all.get(socket)?.last,
  };
}

/** Resolves when either is closed: a reply that waits for earlier ones emits no close with its connection. */
function closed(socket: Socket, res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    res.once("close", () => resolve());
  });
}
