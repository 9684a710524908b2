import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Server, Socket } from "node:net";
import { Bag, type Entry } from "../core/bag.ts";

/** How many connections a server has at most. Both are called for each new connection. */
export interface ConnectionLimit {
  most: () => number;
  /** Whose share of the connections this one belongs to; undefined if it has no bound of its own. */
  shareOf: (socket: Socket) => string | undefined;
}

/** The part of all connections that one address may hold. */
const SHARE = 10;

interface Connection {
  socket: Socket;
  share: string | undefined;
  /** Requests whose reply is not sent yet. */
  requests: number;
  /** A number that grows: when it began to wait for a request. */
  idleSince: number;
}

/**
 * Keeps a server's connections within a limit (docs/http-api.md#connections): of those that may not stay together, the one
 * that has waited longest for a request is closed. The newest waits the shortest: it is closed if all others are at work.
 * `front` hands on what comes over TLS. Returns what tells how many there are.
 */
export function limitConnections(
  server: HttpServer,
  front: Server | undefined,
  { most, shareOf }: ConnectionLimit,
): () => number {
  const open = new Bag<Connection>();
  const entries = new WeakMap<Socket, Entry<Connection>>();
  /** Connections of each share. */
  const held = new Map<string, number>();
  let clock = 0;

  const heldBy = (share: string | undefined) => (share === undefined ? 0 : (held.get(share) ?? 0));

  function count(share: string | undefined, change: 1 | -1): void {
    if (share === undefined) return;
    const now = heldBy(share) + change;
    if (now === 0) held.delete(share);
    else held.set(share, now);
  }

  function leave(socket: Socket): void {
    const entry = entries.get(socket);
    if (!entry) return;
    entries.delete(socket);
    open.remove(entry);
    count(entry.item.share, -1);
  }

  /** Whether there was one to close. */
  function closeIdlest(share?: string): boolean {
    let idlest: Connection | undefined;
    for (const one of open.items()) {
      if (one.requests > 0 || (share !== undefined && one.share !== share)) continue;
      if (!idlest || one.idleSince < idlest.idleSince) idlest = one;
    }
    if (!idlest) return false;
    leave(idlest.socket);
    idlest.socket.destroy();
    return true;
  }

  function enter(socket: Socket): void {
    // The front, which has let it in, hands it on.
    if (wireOf(socket) !== socket) return;
    const share = shareOf(socket);
    entries.set(socket, open.add({ socket, share, requests: 0, idleSince: (clock += 1) }));
    count(share, 1);
    socket.once("close", () => leave(socket));
    // More than one if the limit was lowered.
    const bound = Math.max(1, Math.floor(most() / SHARE));
    while (heldBy(share) > bound && closeIdlest(share));
    while (open.size > most() && closeIdlest());
  }
  server.on("connection", enter);
  front?.on("connection", enter);

  server.on("request", (req: IncomingMessage, res: ServerResponse) => {
    const connection = entries.get(wireOf(req.socket))?.item;
    if (!connection) return;
    connection.requests += 1;
    res.once("close", () => {
      connection.requests -= 1;
      connection.idleSince = clock += 1;
    });
  });
  return () => open.size;
}

/** The TCP connection below TLS. */
// oxlint-disable-next-line no-underscore-dangle -- Node's name
export const wireOf = (socket: Socket & { _parent?: Socket | null }): Socket => socket._parent ?? socket;
