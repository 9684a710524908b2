import { pipeline, type Readable } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

// A body without a byte is packed by nobody, and one that was cut off is told by its length or its content.
const zlib = { finishFlush: constants.Z_SYNC_FLUSH };
const brotli = { finishFlush: constants.BROTLI_OPERATION_FLUSH };

const decoders = new Map([
  ["gzip", () => createGunzip(zlib)],
  ["x-gzip", () => createGunzip(zlib)],
  ["deflate", () => createInflate(zlib)],
  ["br", () => createBrotliDecompress(brotli)],
]);

/**
 * The body as its `Content-Encoding` says: who names no encodings in the request may get any of them (RFC 9110
 * §12.5.3), and a proxy may pack what the server didn't. One that isn't known here is left as it is. Leaving the loop
 * over it ends the connection as leaving the body itself does.
 */
export function unpacked(body: Readable, encoding: string | undefined): Readable {
  const decoder = decoders.get((encoding ?? "").trim().toLowerCase())?.();
  // How it ended is seen by whoever reads the decoder, which fails with it.
  return decoder ? pipeline(body, decoder, () => {}) : body;
}
