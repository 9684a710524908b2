import type { ServerResponse } from "node:http";
import type { Entry } from "../core/bag.ts";
import { Waiting, type Budget } from "./budget.ts";

/** The most bytes of UTF-8 that a UTF-16 code unit takes. */
const BYTES = 3;

/** UTF-16 code units of a piece of at most 64 KiB. */
export const PIECE = Math.floor((64 * 1024) / BYTES);

/** Where the piece of a text ends that begins at `start`: at most 64 KiB of UTF-8, without cutting a character. */
export function endOfPiece(text: string, start: number): number {
  const end = start + PIECE;
  const last = text.charCodeAt(end - 1);
  // The first half of a surrogate pair.
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}

/** `text` in pieces of at most 64 KiB of UTF-8. */
export function* piecesOf(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const end = endOfPiece(text, start);
    yield text.slice(start, end);
    start = end;
  }
}

/**
 * Whether the client has not read what was written. `writableNeedDrain` alone does not say so: from Node 26 on it can stay
 * true, see {@link drained}.
 */
export const isBehind = (res: ServerResponse): boolean => res.writableNeedDrain && res.writableLength > 0;

/** Milliseconds between two looks whether a reply that waits for others on its connection has its turn. */
const TURN = 200;

/** Waits until the client has read what was written, or is gone. */
export const drained = (res: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = onceAny(res, ["drain", "close"], () => {
      clearTimeout(timer);
      resolve();
    });
    // Node 26 emits no `drain` if the socket has room for all that the reply joined in this tick (nodejs/node#62936).
    const look = () => {
      const { socket } = res;
      if (!isBehind(res)) end();
      else if (!socket) timer = setTimeout(look, TURN);
      else if (!socket.writableNeedDrain) socket.write("", end);
    };
    setImmediate(look);
  });

/**
 * Calls `act` at the first of these events, or when the connection is closed: a reply that waits for others does not tell.
 * Returns what calls it at once.
 */
function onceAny(res: ServerResponse, events: string[], act: () => void): () => void {
  const { socket } = res.req;
  const end = () => {
    socket.off("close", end);
    for (const event of events) res.off(event, end);
    act();
  };
  // One listener for each request that the client has pipelined.
  socket.setMaxListeners(0);
  socket.on("close", end);
  for (const event of events) res.on(event, end);
  return end;
}

export const isGone = (res: ServerResponse): boolean => res.destroyed || !res.req.socket.writable;

/** What a client has not read of its answer yet. It always has room; others are cut for it. To be ended with `leave`. */
export class Outgoing extends Waiting {
  readonly isStranger = false;
  readonly #res: ServerResponse;
  readonly #budget: Budget;
  #entry: Entry<Waiting> | undefined;

  constructor(res: ServerResponse, budget: Budget) {
    super();
    this.#res = res;
    this.#budget = budget;
    this.#entry = budget.follow(this);
  }

  /** So many bytes are left. */
  left(bytes: number): void {
    if (!this.#entry) return;
    if (bytes < this.bytes) this.moved(this.bytes - bytes);
    this.#budget.grow(this, bytes - this.bytes);
  }

  override tick(): void {
    // Without a socket, earlier replies on its connection are not sent yet.
    if (this.#res.socket) this.stalled += 1;
  }

  override cut(): void {
    this.leave();
    this.#res.destroy();
  }

  leave(): void {
    if (!this.#entry) return;
    this.left(0);
    this.#budget.leave(this.#entry);
    this.#entry = undefined;
  }
}

/** Writes a text as fast as the client reads; what is left is counted. False if the client is gone. */
export async function sendSlowly(res: ServerResponse, text: string, budget: Budget): Promise<boolean> {
  const outgoing = new Outgoing(res, budget);
  let left = text.length;
  for (const piece of piecesOf(text)) {
    if (isGone(res)) break;
    const hasRoom = res.write(piece);
    left -= piece.length;
    if (hasRoom) continue;
    outgoing.left(left + res.writableLength);
    await drained(res);
  }
  outgoing.leave();
  return !isGone(res);
}

/**
 * Sends the body of a reply, and ends it. What the client does not read at once is counted, unless it is bytes: other
 * replies share them.
 */
export async function sendText(res: ServerResponse, text: string | Buffer, budget: Budget): Promise<void> {
  if (typeof text !== "string") {
    res.end(text);
    return;
  }
  if (text.length > PIECE) {
    if (await sendSlowly(res, text, budget)) res.end();
    return;
  }
  res.end(text);
  if (res.writableLength === 0) return;
  const outgoing = new Outgoing(res, budget);
  outgoing.left(res.writableLength);
  onceAny(res, ["close"], () => outgoing.leave());
}
