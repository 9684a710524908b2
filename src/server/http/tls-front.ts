import type { Server } from "node:http";
import type { Socket } from "node:net";
import { createServer, type Server as TlsServer } from "node:tls";
import { tlsOptions, type Pair } from "../tls/pair.ts";

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

/** See {@link TlsFront}. `options`: of each connection. */
export function createTlsFront(http: Server, pair: Pair, options: object): TlsFront {
  const server = createServer({
    ...options,
    ...tlsOptions(pair),
    noDelay: true,
    ALPNProtocols: ["http/1.1"],
    handshakeTimeout: TIMEOUT,
  });
  /** The oldest first. */
  const handshakes: Socket[] = [];
  const forget = (at: number) => {
    if (at >= 0) handshakes.splice(at, 1);
  };
  server.on("connection", (socket: Socket) => {
    handshakes.push(socket);
    socket.once("close", () => forget(handshakes.indexOf(socket)));
    if (handshakes.length > MOST) handshakes.shift()?.destroy();
  });
  server.on("secureConnection", (socket) => {
    const { remoteAddress, remotePort } = socket;
    // Node does not say which socket of the event above this one is around.
    const isBelow = (one: Socket) => one.remotePort === remotePort && one.remoteAddress === remoteAddress;
    forget(handshakes.findIndex(isBelow));
    http.emit("connection", socket);
  });
  return {
    server,
    take: (pair) => server.setSecureContext(tlsOptions(pair)),
    closeHandshakes: () => handshakes.slice().forEach((socket) => socket.destroy()),
  };
}
