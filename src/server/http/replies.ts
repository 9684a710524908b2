import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The replies that a server has not handed to the system whole yet. */
export interface Replies {
  /** Resolves when all that are under way now are out, or their connections gone. */
  out(): Promise<void>;
  /** The reply to the newest request of a connection, unless that request came whole and its reply is out. */
  last(socket: Socket): ServerResponse | undefined;
}

/**
 * Requests of one connection that may be unanswered at a time. Each waits with its whole body in memory, and Node reads
 * on however many there are; nobody who means well sends as many ahead.
 */
const PIPELINED = 64;

/**
 * See {@link Replies}; a connection with more than {@link PIPELINED} of them ends, as if its client had left. Node's own
 * `closeIdleConnections`, and `close` with it, take a connection for idle as soon as its reply is ended, though most of it
 * may still wait for a slow client: they would cut it.
 */
export function trackReplies(server: Server): Replies {
  const underWay = new Map<Socket, Set<ServerResponse>>();
  const last = new WeakMap<Socket, ServerResponse>();
  server.on("connection", (socket: Socket) => {
    underWay.set(socket, new Set());
    socket.once("close", () => underWay.delete(socket));
  });
  server.on("request", (req, res) => {
    const replies = underWay.get(req.socket);
    replies?.add(res);
    last.set(req.socket, res);
    if (replies && replies.size > PIPELINED) req.socket.destroy();
    res.once("close", () => {
      replies?.delete(res);
      if (req.complete && last.get(req.socket) === res) last.delete(req.socket);
    });
  });
  return {
    async out() {
      const pairs = [...underWay].flatMap(([socket, replies]) =>
        [...replies].map((res) => closed(socket, res)),
      );
      await Promise.all(pairs);
    },
    last: (socket) => last.get(socket),
  };
}

/** A reply that still waits for its turn has no close of its own when its connection ends. */
function closed(socket: Socket, res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    res.once("close", () => resolve());
  });
}
