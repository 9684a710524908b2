import { createServer, ServerResponse, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { StartupError } from "../core/startup-error.ts";
import { refuseBadRequest } from "./bad-request.ts";
import { trackReplies, type Replies } from "./replies.ts";
import { closeInStages } from "./unread-body.ts";

/** An HTTP server that listens. */
export interface Listening {
  /** `http://host:port`, IPv6 in brackets, with the port that was really taken. */
  url: string;
  /**
   * Replies that are under way reach their clients, for `patience` ms at most; then no more connections are taken,
   * and whatever is left is cut.
   */
  close(patience: number): Promise<void>;
}

interface Options {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Milliseconds that a connection may be silent in both directions while it waits for a reply. */
  silence: number;
  /** Answers a request; resolves when all its work is done, which may be after its client has left. */
  handle: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
}

const options = {
  /** The app refuses one without Host itself, in the form of every other refusal. */
  requireHostHeader: false,
  /** A request's head must be here within this many ms, */
  headersTimeout: 30_000,
  /** and all of it within this many: 1 MiB over a slow line. */
  requestTimeout: 120_000,
  /** Longer than the minute after which load balancers let go of a connection, or they would send into a closed one. */
  keepAliveTimeout: 75_000,
  /** TCP's own probes, so that a client that lost its network is noticed while it waits. */
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
};

/** Listens, or rejects with a StartupError that says how to mend it. */
export async function openHttpServer({ host, port, silence, handle }: Options): Promise<Listening> {
  const atWork = new Set<Promise<void>>();
  const server = createServer(options, (req, res) => {
    const work = handle(req, res).finally(() => atWork.delete(work));
    atWork.add(work);
  });
  // By default Node drops headers after the 2,000th. Its limit of 16 KiB for names and values stays.
  server.maxHeadersCount = 0;
  server.on("connection", closeInStages);
  const replies = trackReplies(server);
  server.setTimeout(silence);
  server.on("clientError", (error, socket) => {
    const at = socket as Socket;
    refuseBadRequest(error, at, replies.last(at));
  });
  // Refused by the app, as CONNECT is.
  server.on("checkExpectation", (req, res) => server.emit("request", req, res));
  server.on("connect", (req) => {
    const last = replies.last(req.socket);
    answerConnect(server, req, last !== undefined && !last.writableFinished);
  });
  await listen(server, host, port);
  return {
    url: urlOf(host, (server.address() as AddressInfo).port),
    close: async (patience) => {
      await close(server, replies, patience);
      await Promise.allSettled(atWork);
    },
  };
}

/**
 * CONNECT goes the way of every other request, to its refusal; what follows it on the connection is no HTTP, so that
 * ends. Node hands such a connection over bare: with no reply, no error listener and no timeout of its own.
 */
function answerConnect(server: Server, req: IncomingMessage, replying: boolean): void {
  const { socket } = req;
  socket.on("error", () => socket.destroy());
  // A reply that is under way must not get another one into its middle.
  if (replying || !socket.writable) {
    socket.destroy();
    return;
  }
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.once("finish", () => socket.destroySoon());
  server.emit("request", req, res);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // For good: later it is an accept(2) that failed (too many open files), which only that one connection needs to feel.
    server.on("error", (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port }, resolve);
  });
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** What the operator can mend, keyed by the system's code; anything else is told as it is. */
function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const told = (message: string, hint: string) => new StartupError(message, hint, error);
  const code = error.code ?? "";
  if (code === "EADDRINUSE") {
    return told(
      `Port ${port} on ${host} is in use.`,
      `Stop the program that uses it, or take another port: --port ${port === 65535 ? 8000 : port + 1}`,
    );
  }
  if (code === "EACCES") {
    return told(
      `This user may not listen on port ${port}.`,
      "Ports below 1024 need privileges; take another one: --port 8000",
    );
  }
  if (["ENOTFOUND", "EAI_AGAIN", "EADDRNOTAVAIL", "EINVAL"].includes(code)) {
    return told(
      `This machine has no address ${host}.`,
      "Listen on this machine alone with --host 127.0.0.1, or on every address with --host 0.0.0.0",
    );
  }
  return error;
}

async function close(server: Server, replies: Replies, patience: number): Promise<void> {
  let over!: () => void;
  const patienceOver = new Promise<void>((resolve) => (over = resolve));
  const timer = setTimeout(over, patience);
  await Promise.race([replies.out(), patienceOver]);
  const closed = new Promise((resolve) => server.close(resolve));
  // Only now, when nobody new can come in between.
  void patienceOver.then(() => server.closeAllConnections());
  await closed;
  clearTimeout(timer);
}
