import type { IncomingMessage, ServerResponse } from "node:http";
import { ClientGone } from "../core/client-gone.ts";

/**
 * Waits for the request's turn on its connection, and rejects with {@link ClientGone} if that ends. The controller is
 * aborted with ClientGone if the client goes away before its whole reply was handed to the system.
 */
export async function stopWithClient(req: IncomingMessage, res: ServerResponse): Promise<AbortController> {
  await ownTurn(req, res);
  const stop = new AbortController();
  // The request's own close says only that its body was read (DESIGN §5).
  res.once("close", () => {
    if (!res.writableFinished) stop.abort(new ClientGone());
  });
  if (res.destroyed) stop.abort(new ClientGone());
  return stop;
}

/**
 * Waits until the replies before this one on the same connection are out. A pipelined question that ran ahead would
 * count a delta as handed over that still waits in our memory. Rejects with ClientGone when the connection ends.
 */
async function ownTurn(req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (res.socket) return;
  const { socket } = req;
  await new Promise<void>((resolve, reject) => {
    if (socket.destroyed) reject(new ClientGone());
    const lost = () => reject(new ClientGone());
    // As many may wait as the client has pipelined.
    socket.setMaxListeners(0);
    socket.once("close", lost);
    res.once("socket", () => {
      socket.off("close", lost);
      resolve();
    });
  });
}
