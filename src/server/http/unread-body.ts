import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { Middleware } from "./context.ts";

/** Most bytes of an unread body that are discarded. */
const MOST_BYTES = 1024 * 1024;

/** Milliseconds for discarding a body. */
const TIMEOUT = 2_000;

/** Reads and discards. Calls `over` after {@link MOST_BYTES}, or `timeout` milliseconds. */
function discard(stream: Readable, over: () => void, timeout?: number): void {
  let left = MOST_BYTES;
  const timer = timeout === undefined ? undefined : setTimeout(over, timeout);
  stream.on("data", (piece: Buffer) => {
    left -= piece.length;
    if (left < 0) over();
  });
  stream.once("close", () => clearTimeout(timer));
  stream.resume();
}

/**
 * Discards the rest of a request's body once its reply is known, so that the connection can carry the next request. Closes
 * the connection if the body is too long for that (RFC 9112 §9.3).
 */
export const discardBody: Middleware = async function discardBody(ctx, next) {
  await next();
  const { req, res } = ctx;
  if (req.readableEnded || req.destroyed || res.destroyed) return;
  req.unpipe();
  if (req.complete) {
    req.resume();
    return;
  }
  if (Number(req.headers["content-length"] ?? 0) > MOST_BYTES) res.shouldKeepAlive = false;
  const end = () => req.socket.destroy();
  discard(
    req,
    () => {
      req.pause();
      if (res.writableFinished) end();
      else res.once("finish", end);
    },
    TIMEOUT,
  );
};

/** Discards what still comes on a connection; a client that leaves is noticed if that is not much. */
export function ignoreRest(socket: Socket): void {
  // Removes the HTTP parser: what still comes is not a request.
  socket.removeAllListeners("data");
  discard(socket, () => socket.pause());
}

/**
 * Makes Node close this connection so that its last reply arrives: first the sending side, later the receiving side
 * (RFC 9112 §9.6). Closing a socket with unread bytes resets it, and the client can lose the reply.
 */
export function closeInStages(socket: Socket): void {
  socket.destroySoon = () => {
    // Removes the HTTP parser: what still comes is not a request.
    socket.removeAllListeners("data");
    socket.end();
    discard(socket, () => socket.destroy(), TIMEOUT);
  };
}
