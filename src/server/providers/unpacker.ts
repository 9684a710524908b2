import { createBrotliDecompress, createUnzip } from "node:zlib";

/** Unpacks a body with this Content-Encoding, which nobody asked for; undefined if it is not packed. */
export function createUnpacker(encoding: string | string[] | undefined) {
  const name = String(encoding ?? "").toLowerCase();
  if (/^(x-)?gzip$|^deflate$/.test(name)) return createUnzip();
  return name === "br" ? createBrotliDecompress() : undefined;
}
