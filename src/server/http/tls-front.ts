import type { Server } from "node:http";
import type { Socket } from "node:net";
import { createServer, type Server as TlsServer } from "node:tls";
import { tlsOptions, type Pair } from "../tls/pair.ts";
import { wireOf } from "./connection-limit.ts";

/** Listens with TLS, and hands its connections to an HTTP server. */
export interface TlsFront {
  server: TlsServer;
  /** For connections from now on. */
  take(pair: Pair): void;
  /** Closes the connections whose handshake is not complete. The HTTP server has all others. */
  closeHandshakes(): void;
}

/** Milliseconds for a handshake. */
const TIMEOUT = 10_000;

/** Most handshakes at once. The oldest gives way to a new one. */
const MOST = 500;

/** See {@link TlsFront}. `options`: of each connection. `timeout`: milliseconds for a handshake. */
export function createTlsFront(http: Server, pair: Pair, options: object, timeout = TIMEOUT): TlsFront {
  const server = createServer({
    ...options,
    ...tlsOptions(pair),
    noDelay: true,
    ALPNProtocols: ["http/1.1"],
    handshakeTimeout: timeout,
  });
  /** The oldest first. */
  const handshakes: Socket[] = [];
  const forget = (socket: Socket) => {
    const at = handshakes.indexOf(socket);
    if (at >= 0) handshakes.splice(at, 1);
  };
  server.on("connection", (socket: Socket) => {
    handshakes.push(socket);
    socket.once("close", () => forget(socket));
    if (handshakes.length > MOST) handshakes.shift()?.destroy();
  });
  // Node emits this for a handshake that took too long, and leaves its connection open.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  server.on("secureConnection", (socket) => {
    forget(wireOf(socket));
    http.emit("connection", socket);
  });
  return {
    server,
    take: (pair) => server.setSecureContext(tlsOptions(pair)),
    closeHandshakes: () => handshakes.slice().forEach((socket) => socket.destroy()),
  };
}
