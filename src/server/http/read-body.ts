import type { IncomingMessage } from "node:http";
import { ApiError } from "../core/api-error.ts";
import type { Entry } from "../core/bag.ts";
import { ClientGone } from "../core/client-gone.ts";
import type { Middleware } from "./context.ts";
import { isHeld } from "./hold-reading.ts";
import { noRoom, SMALL, Waiting, type Budget } from "./budget.ts";

/** Whether the body may have more than {@link SMALL} bytes, unpacked. */
export const mayBeLarge = ({ headers }: IncomingMessage) =>
  headers["transfer-encoding"] !== undefined ||
  headers["content-encoding"] !== undefined ||
  Number(headers["content-length"] ?? 0) > SMALL;

/** Whether the whole body came with its head, and is small: {@link readBody} then waits for nothing. */
export const isHere = (req: IncomingMessage) => req.complete && !mayBeLarge(req);

/**
 * Lets a small body arrive. It comes in one packet with its head, but Node calls the app in between; by the next turn of the
 * event loop it is here. To listen for its pieces costs ten times as much.
 */
export const letArrive: Middleware = async function letArrive({ req }, next) {
  if (!mayBeLarge(req)) await new Promise<void>((resolve) => setImmediate(resolve));
  return next();
};

/** Seconds without progress after which a body is given up. */
const SLOWEST = 30;

/** Seconds that a body may take, and for how many bytes it gets one more. */
const LONGEST = 120;
const MORE = 64 * 1024;

/** Bytes of a body; with what to do for a larger one, if something helps. */
export type BodyLimit = number | { bytes: number; advice: string };

export const bytesIn = (limit: BodyLimit) => (typeof limit === "number" ? limit : limit.bytes);

/** The error for a body of more than `limit` bytes. */
export function tooLarge(limit: BodyLimit): ApiError {
  const detail = `The body may have at most ${bytesIn(limit)} bytes, counted unpacked.`;
  return new ApiError("payload_too_large", typeof limit === "number" ? detail : `${detail} ${limit.advice}`);
}

const tooSlow = () =>
  new ApiError("request_timeout", "The body of the request came too slowly. Send it again.");

interface Reading {
  budget: Budget;
  /** The request has no valid token. */
  isStranger: boolean;
  /** Called with the reason if the body is given up. */
  fail: (error: Error) => void;
}

/** A body while it is read, which holds room for what came of it. To be ended with `finish` or `giveUp`. */
export class Incoming extends Waiting {
  readonly #req: IncomingMessage;
  readonly #reading: Reading;
  #entry: Entry<Waiting> | undefined;
  #seconds = 0;
  #received = 0;

  constructor(req: IncomingMessage, reading: Reading) {
    super();
    this.#req = req;
    this.#reading = reading;
    this.#entry = reading.budget.follow(this);
  }

  get isStranger(): boolean {
    return this.#reading.isStranger;
  }

  /** Counts bytes that came. */
  came(bytes: number): void {
    this.#received += bytes;
    this.moved(bytes);
  }

  /** Counts bytes that are kept; if there is no room for them, the body is given up. */
  hold(bytes: number): void {
    if (!this.#reading.budget.grow(this, bytes)) this.#reading.fail(noRoom());
  }

  override tick(): void {
    // Not the client's fault: earlier requests on its connection are not answered yet.
    if (isHeld(this.#req.socket) || this.#req.socket.isPaused()) return;
    this.stalled += 1;
    this.#seconds += 1;
    if (this.stalled >= SLOWEST || this.#seconds > LONGEST + this.#received / MORE) this.cut();
  }

  override cut(): void {
    this.#reading.fail(tooSlow());
  }

  /** The body is whole. Its bytes stay counted, and are for the caller to give back. */
  finish(): void {
    if (this.#leave()) this.#reading.budget.settle(this);
  }

  giveUp(): void {
    if (this.#leave()) this.#reading.budget.grow(this, -this.bytes);
  }

  /** False from the second time on. */
  #leave(): boolean {
    if (!this.#entry) return false;
    this.#reading.budget.leave(this.#entry);
    this.#entry = undefined;
    return true;
  }
}

/**
 * The bytes of a body that is not packed, which stay counted in the budget. Throws or rejects with `payload_too_large` as soon
 * as the body is known to have more than `limit`, with `request_timeout` if it comes too slowly, with `overloaded` if there is
 * no room for it, and with ClientGone if the connection ends before the body; the rest is then left unread.
 */
export function readBody(
  req: IncomingMessage,
  limit: BodyLimit,
  reading: Omit<Reading, "fail">,
): Buffer | Promise<Buffer> {
  if (Number(req.headers["content-length"] ?? 0) > bytesIn(limit)) throw tooLarge(limit);
  if (req.destroyed) throw new ClientGone();
  if (!isHere(req)) return readPieces(req, limit, reading);
  const pieces: Buffer[] = [];
  // From Node 26 on each call returns one piece.
  for (let piece; (piece = req.read() as Buffer | null);) pieces.push(piece);
  const [first] = pieces;
  const bytes = first && pieces.length === 1 ? first : Buffer.concat(pieces);
  reading.budget.add(bytes.length);
  return bytes;
}

function readPieces(req: IncomingMessage, limit: BodyLimit, reading: Omit<Reading, "fail">): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let pieces: Buffer[] = [];
    const incoming = new Incoming(req, { fail, ...reading });

    // A streamed answer lives long after its question was read.
    function forget(): void {
      pieces = [];
      req.off("data", add).off("end", end).off("close", lost);
    }
    function fail(error: Error): void {
      forget();
      incoming.giveUp();
      req.pause();
      reject(error);
    }
    function add(piece: Buffer): void {
      pieces.push(piece);
      incoming.came(piece.length);
      if (incoming.bytes + piece.length > bytesIn(limit)) fail(tooLarge(limit));
      else incoming.hold(piece.length);
    }
    function end(): void {
      const [first] = pieces;
      resolve(first && pieces.length === 1 ? first : Buffer.concat(pieces, incoming.bytes));
      forget();
      incoming.finish();
    }
    function lost(): void {
      fail(new ClientGone());
    }
    req.on("data", add).on("end", end).on("close", lost);
  });
}
