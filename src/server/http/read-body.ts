import type { IncomingMessage } from "node:http";
import { ApiError } from "../core/api-error.ts";
import { ClientGone } from "../core/client-gone.ts";

/** Bytes of a body for which there is always room. */
export const SMALL = 64 * 1024;

/** Whether the body may have more than {@link SMALL} bytes, unpacked. */
export const mayBeLarge = ({ headers }: IncomingMessage) =>
  headers["transfer-encoding"] !== undefined ||
  headers["content-encoding"] !== undefined ||
  Number(headers["content-length"] ?? 0) > SMALL;

/** The error for a body of more than `limit` bytes. */
export const tooLarge = (limit: number) =>
  new ApiError("payload_too_large", `The body may have at most ${limit} bytes, counted unpacked.`);

/**
 * The bytes of a body that is not packed. Rejects with `payload_too_large` as soon as the body is known to have more than
 * `limit`, and with ClientGone if the connection ends before the body; the rest is then left unread.
 */
export function readBody(req: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(req.headers["content-length"] ?? 0) > limit) {
      reject(tooLarge(limit));
      return;
    }
    if (req.destroyed) {
      reject(new ClientGone());
      return;
    }
    let pieces: Buffer[] = [];
    let length = 0;

    // A streamed answer lives long after its question was read.
    function forget(): void {
      pieces = [];
      req.off("data", add).off("end", end).off("close", lost);
    }
    function add(piece: Buffer): void {
      length += piece.length;
      pieces.push(piece);
      if (length <= limit) return;
      forget();
      req.pause();
      reject(tooLarge(limit));
    }
    function end(): void {
      const [first] = pieces;
      resolve(first && pieces.length === 1 ? first : Buffer.concat(pieces, length));
      forget();
    }
    function lost(): void {
      forget();
      reject(new ClientGone());
    }
    req.on("data", add).on("end", end).on("close", lost);
  });
}
