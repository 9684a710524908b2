import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { Middleware } from "./context.ts";

/** Bytes of an unwanted body that are read after its reply, */
const MOST = 1024 * 1024;

/** within this many ms. */
const PATIENCE = 2_000;

/** Reads and discards; calls `over` when more than {@link MOST} has come or {@link PATIENCE} is over. */
function discard(stream: Readable, over: () => void): void {
  let left = MOST;
  const timer = setTimeout(over, PATIENCE);
  stream.on("data", (piece: Buffer) => {
    left -= piece.length;
    if (left < 0) over();
  });
  stream.once("close", () => clearTimeout(timer));
  stream.resume();
}

/**
 * Reads what is left of a request's body once its reply is decided, so that the connection can carry the next request;
 * a body that is too long for that ends the connection (RFC 9112 §9.3).
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
  if (Number(req.headers["content-length"] ?? 0) > MOST) ctx.set("Connection", "close");
  const end = () => req.socket.destroy();
  discard(req, () => {
    req.pause();
    if (res.writableFinished) end();
    else res.once("finish", end);
  });
};

/**
 * Makes Node end this connection in a way that lets its last reply arrive: the sending side first, then after a while
 * the other one (RFC 9112 §9.6). A socket that is closed with bytes unread is reset, and its client may lose the reply.
 */
export function closeInStages(socket: Socket): void {
  socket.destroySoon = () => {
    // The HTTP parser's listener: what still comes is no request.
    socket.removeAllListeners("data");
    socket.end();
    discard(socket, () => socket.destroy());
  };
}
