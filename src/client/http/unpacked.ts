import { pipeline, type Duplex, type Readable } from "node:stream";

/** Undefined for an encoding that is not known. */
function decoderOf(encoding: string): Duplex | undefined {
  // Loaded when a body is encoded: most replies of a short command are not, and zlib takes a millisecond to load.
  const { constants, createBrotliDecompress, createGunzip, createInflate } =
    process.getBuiltinModule("node:zlib");
  // Without these, zlib rejects an empty body and a body that was cut off. An empty one is valid (a reply of 204), and
  // the other is found by its Content-Length or its JSON.
  const zlib = { finishFlush: constants.Z_SYNC_FLUSH };
  if (encoding === "gzip" || encoding === "x-gzip") return createGunzip(zlib);
  if (encoding === "deflate") return createInflate(zlib);
  if (encoding === "br") return createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH });
  return undefined;
}

/**
 * The body decoded by its `Content-Encoding`. A server may choose any encoding if the request names none (RFC 9110
 * §12.5.3), and a proxy may compress what the server did not. A body of an unknown encoding is returned unchanged.
 * Leaving the loop over it ends the connection, as leaving the body itself does.
 */
export function unpacked(body: Readable, encoding: string | undefined): Readable {
  const name = (encoding ?? "").trim().toLowerCase();
  const decoder = name === "" ? undefined : decoderOf(name);
  // An error of the body reaches the reader through the decoder.
  return decoder ? pipeline(body, decoder, () => {}) : body;
}
