import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Bag } from "../core/bag.ts";

/** The replies that the operating system has not taken completely yet. */
export interface Replies {
  /** Resolves when all present replies were sent or their connections are closed. */
  sent(): Promise<void>;
  /** The reply to the newest request of a connection, unless that request is complete and its reply was sent. */
  last(socket: Socket): ServerResponse | undefined;
}

/**
 * Most unanswered requests of one connection. Each waits in memory with its body, Node sets no limit, and no
 * well-meaning client sends so many ahead.
 */
const PIPELINED = 64;

/**
 * See {@link Replies}. Closes a connection with more than {@link PIPELINED} of them, as if its client had left. Node's
 * `closeIdleConnections`, and so `close`, count a connection as idle as soon as its reply has ended, even if most of it
 * still waits for a slow client, who would lose it.
 */
export function trackReplies(server: Server): Replies {
  const unsent = new Map<Socket, Bag<ServerResponse>>();
  const last = new WeakMap<Socket, ServerResponse>();
  server.on("connection", (socket: Socket) => {
    unsent.set(socket, new Bag());
    socket.once("close", () => unsent.delete(socket));
  });
  server.on("request", (req, res) => {
    const replies = unsent.get(req.socket);
    const entry = replies?.add(res);
    last.set(req.socket, res);
    if (replies && replies.size > PIPELINED) req.socket.destroy();
    res.once("close", () => {
      if (entry) replies?.remove(entry);
      if (req.complete && last.get(req.socket) === res) last.delete(req.socket);
    });
  });
  return {
    async sent() {
      const pairs = [...unsent].flatMap(([socket, replies]) =>
        replies.items().map((res) => closed(socket, res)),
      );
      await Promise.all(pairs);
    },
    last: (socket) => last.get(socket),
  };
}

/** Resolves when either is closed: a reply that waits for earlier ones emits no close with its connection. */
function closed(socket: Socket, res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    res.once("close", () => resolve());
  });
}
