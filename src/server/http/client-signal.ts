import type { IncomingMessage, ServerResponse } from "node:http";
import { ClientGone } from "../core/client-gone.ts";
import { Stop } from "../core/stop.ts";

const STOP = Symbol("stop");

type Watched = ServerResponse & { [STOP]?: Stop | undefined };

function leave(this: Watched): void {
  if (!this.writableFinished) this[STOP]?.abort(new ClientGone());
}

/**
 * Waits for the request's turn on its connection, and rejects with {@link ClientGone} if that ends. The result is
 * aborted with ClientGone if the client goes away before its whole reply was handed to the system.
 */
export async function stopWithClient(req: IncomingMessage, res: Watched): Promise<Stop> {
  if (!res.socket) await ownTurn(req, res);
  const stop = new Stop();
  res[STOP] = stop;
  // Not the request's close: that comes when its body was read.
  res.on("close", leave);
  if (res.destroyed) stop.abort(new ClientGone());
  return stop;
}

/** The work for the reply is done. Else all of it stays in memory until a slow client has read the reply. */
export function forgetWork(res: Watched): void {
  res[STOP] = undefined;
}

/**
 * Waits for the earlier replies on the same connection. Without this, a delta of a pipelined question would count as
 * received, and be charged, while it still waits in our memory. Rejects with {@link ClientGone} when the connection ends.
 */
async function ownTurn(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { socket } = req;
  await new Promise<void>((resolve, reject) => {
    if (socket.destroyed) reject(new ClientGone());
    const lost = () => reject(new ClientGone());
    // One listener for each request that the client has pipelined.
    socket.setMaxListeners(0);
    socket.once("close", lost);
    res.once("socket", () => {
      socket.off("close", lost);
      resolve();
    });
  });
}
