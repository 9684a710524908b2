import type { Socket } from "node:net";

/** Bytes that are kept while nothing is parsed. */
const KEPT = 64 * 1024;

const HELD = Symbol("held");

/** Whether the requests of this connection wait because earlier ones are not answered. */
export const isHeld = (socket: Socket & { [HELD]?: true }): boolean => socket[HELD] === true;

/**
 * Parses nothing more of a connection. It is still read, up to {@link KEPT}, because else nobody would notice that the client
 * leaves. Returns what ends that.
 */
export function holdReading(socket: Socket & { [HELD]?: true }): () => void {
  const parse = socket.listeners("data") as ((piece: Buffer) => void)[];
  let pieces: Buffer[] = [];
  let bytes = 0;
  const keep = (piece: Buffer) => {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= KEPT) socket.pause();
  };
  // Node lets its parser read past the listeners, until there is another one.
  socket.removeAllListeners("data").on("data", keep);
  socket[HELD] = true;
  return () => {
    // The connection is being closed; Node's parser may be gone.
    if (socket.destroyed || !socket.readable || !socket.listeners("data").includes(keep)) return;
    delete socket[HELD];
    socket.off("data", keep);
    for (const listener of parse) socket.on("data", listener);
    const kept = pieces;
    pieces = [];
    if (socket.isPaused()) socket.resume();
    // Goes to whoever listens by then: it may be held again in between.
    for (const piece of kept) socket.emit("data", piece);
  };
}
