import { setImmediate as immediate } from "node:timers/promises";
import { createServer, ServerResponse, type IncomingMessage, type Server } from "node:http";
import { Server as TcpServer, type AddressInfo, type Server as NetServer, type Socket } from "node:net";
import { Bag } from "../core/bag.ts";
import type { Budget } from "./budget.ts";
import { listenError, placeWords } from "../core/listen-error.ts";
import type { Pair } from "../tls/pair.ts";
import { closeAfter, refuseBadRequest } from "./bad-request.ts";
import { limitConnections, type ConnectionLimit } from "./connection-limit.ts";
import { isHeld } from "./hold-reading.ts";
import { trackReplies, type Replies } from "./replies.ts";
import type { TlsFront } from "./tls-front.ts";
import { closeInStages } from "./unread-body.ts";

/** An HTTP server that listens. */
export interface Listening {
  /** `http://host:port` with the actual port, IPv6 in brackets; `https://` with TLS. */
  url: string;
  /** A URL for clients on this machine. With TLS it is a port of its own on loopback, without TLS. */
  localUrl: string;
  /** With TLS: takes another certificate, for connections from now on. */
  setPair(pair: Pair): void;
  /** From the next request of each connection on: see {@link Times}. */
  setTimes(times: Times): void;
  /** Open connections; 0 without a limit. */
  readonly connections: number;
  /** Refuses new connections. Those that are open go on. */
  stopListening(): Promise<void>;
  /**
   * Waits up to `timeout` ms until every reply has been sent, then refuses new connections and closes all others.
   */
  close(timeout: number): Promise<void>;
}

interface Times {
  /** Milliseconds without data in either direction after which a connection that waits for a reply is closed. */
  silence: number;
  /** Milliseconds after which a connection without a request is closed. */
  keepAlive: number;
}

/** Milliseconds for the head of a request (docs/http-api.md#limits). */
const HEAD = 30_000;

/** Milliseconds between two looks for late heads. Node's own, 30 s, would let a head have twice its time. */
const LOOK = 1_000;

interface Options extends Times {
  /** Milliseconds for the head of a request. Default: 30 s. */
  head?: number;
  host: string;
  /** 0: any free port. */
  port: number;
  /** Default: none. */
  connections?: ConnectionLimit;
  /** For TLS. */
  pair?: Pair | undefined;
  /** What is in memory for clients. */
  budget: Budget;
  /** Headers of every reply, names and values in turn, for those that the app does not make. Default: none. */
  headOfAll?: () => readonly string[];
  /** Handles a request. Resolves when all its work is done, also if the client has left before. */
  handle: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
}

const options = {
  /** The app itself refuses a request without Host, with a problem document. */
  requireHostHeader: false,
  /** read-body.ts has rules of its own for bodies. */
  requestTimeout: 0,
  /** TCP keep-alive detects a waiting client that has lost its network. */
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
};

/** Starts to listen. Rejects with a StartupError if the operator can correct the fault. */
export async function openHttpServer({
  head = HEAD,
  host,
  port,
  pair,
  budget,
  connections,
  headOfAll = () => [],
  handle,
  ...times
}: Options): Promise<Listening> {
  const atWork = new Bag<Promise<void>>();
  const heads = { headersTimeout: head, connectionsCheckingInterval: LOOK };
  const server = createServer({ ...options, ...heads }, (req, res) => {
    const entry = atWork.add(handle(req, res).finally(() => atWork.remove(entry)));
  });
  // By default Node silently drops headers after the 2,000th. Its limit of 16 KiB for all of them stays.
  server.maxHeadersCount = 0;
  server.on("connection", closeInStages);
  const replies = trackReplies(server, budget);
  const setTimes = ({ silence, keepAlive }: Times) => {
    server.setTimeout(silence);
    server.keepAliveTimeout = keepAlive;
  };
  setTimes(times);
  server.on("clientError", (error, socket) => {
    const at = socket as Socket;
    // The head may have come already.
    if (isTimeout(error) && isHeld(at)) return;
    refuseBadRequest(error, at, replies.last(at), headOfAll());
  });
  // The app refuses an unknown Expect, and CONNECT.
  server.on("checkExpectation", (req, res) => server.emit("request", req, res));
  server.on("connect", (req) => {
    const last = replies.last(req.socket);
    answerConnect(server, req, last?.writableFinished === false ? last : undefined);
  });
  // Loaded for TLS alone: it takes longer than most of the server.
  const front = pair && (await import("./tls-front.ts")).createTlsFront(server, pair, options);
  const open = connections && limitConnections(server, front?.server, connections);
  await listen(front?.server ?? server, host, port);
  const url = urlOf(front ? "https" : "http", host, portOf(front?.server ?? server));
  // Node checks the timeouts of heads and requests only while the server itself listens.
  if (front) await listen(server, LOOPBACK, 0);
  const local = url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
  return {
    url,
    localUrl: front ? urlOf("http", LOOPBACK, portOf(server)) : local,
    setPair: (pair) => front?.take(pair),
    setTimes,
    get connections() {
      return open?.() ?? 0;
    },
    async stopListening() {
      await shortTurn();
      front?.server.close();
      // That of node:http also closes the idle ones.
      TcpServer.prototype.close.call(server);
    },
    close: async (timeout) => {
      await close(server, front, replies, timeout);
      await Promise.allSettled(atWork.items());
    },
  };
}

const isTimeout = ({ code }: NodeJS.ErrnoException) => code === "ERR_HTTP_REQUEST_TIMEOUT";

/**
 * Resolves right after the event loop has looked for new connections, in a turn with little else to do. Whoever has
 * connected since is reset by the end of listening, perhaps with a request that may not be sent twice.
 */
async function shortTurn(): Promise<void> {
  for (let turns = 0; turns < 1000; turns += 1) {
    const begun = performance.now();
    await immediate();
    if (performance.now() - begun < 0.2) return;
  }
}

/**
 * Passes CONNECT to the app, which refuses it, and then closes the connection: what follows is not HTTP. Node hands over
 * such a connection without a reply object, an error listener or a timeout.
 */
function answerConnect(server: Server, req: IncomingMessage, earlier: ServerResponse | undefined): void {
  const { socket } = req;
  socket.on("error", () => socket.destroy());
  if (earlier && socket.writable) {
    socket.once("end", () => socket.destroy());
    closeAfter(earlier, socket);
    return;
  }
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.once("finish", () => socket.destroySoon());
  server.emit("request", req, res);
}

function listen(server: NetServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stays for good: a later error is a failed accept(2) (too many open files), which must not end the process.
    server.on("error", (error: NodeJS.ErrnoException) => reject(listenError(error, { host, port })));
    server.listen({ host, port }, resolve);
  });
}

const LOOPBACK = "127.0.0.1";

const portOf = (server: NetServer) => (server.address() as AddressInfo).port;

function urlOf(scheme: string, host: string, port: number): string {
  return `${scheme}://${placeWords({ host, port })}`;
}

async function close(
  server: Server,
  front: TlsFront | undefined,
  replies: Replies,
  timeout: number,
): Promise<void> {
  let expire!: () => void;
  const timedOut = new Promise<void>((resolve) => (expire = resolve));
  const timer = setTimeout(expire, timeout);
  await Promise.race([replies.sent(), timedOut]);
  const servers = front ? [front.server, server] : [server];
  const closed = servers.map((each) => new Promise((resolve) => each.close(resolve)));
  // After server.close, so that no new connection stays open.
  front?.closeHandshakes();
  void timedOut.then(() => server.closeAllConnections());
  await Promise.all(closed);
  clearTimeout(timer);
}
