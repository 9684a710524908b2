import { pipeline, type Readable } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

// Without these, zlib rejects an empty body and a body that was cut off. An empty one is valid (a reply of 204), and the
// other is found by its Content-Length or its JSON.
const zlib = { finishFlush: constants.Z_SYNC_FLUSH };
const brotli = { finishFlush: constants.BROTLI_OPERATION_FLUSH };

const decoders = new Map([
  ["gzip", () => createGunzip(zlib)],
  ["x-gzip", () => createGunzip(zlib)],
  ["deflate", () => createInflate(zlib)],
  ["br", () => createBrotliDecompress(brotli)],
]);

/**
 * The body decoded by its `Content-Encoding`. A server may choose any encoding if the request names none (RFC 9110
 * §12.5.3), and a proxy may compress what the server did not. A body of an unknown encoding is returned unchanged.
 * Leaving the loop over it ends the connection, as leaving the body itself does.
 */
export function unpacked(body: Readable, encoding: string | undefined): Readable {
  const decoder = decoders.get((encoding ?? "").trim().toLowerCase())?.();
  // An error of the body reaches the reader through the decoder.
  return decoder ? pipeline(body, decoder, () => {}) : body;
}
