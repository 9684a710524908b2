import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, type Extract } from "tar-stream";
import {
  brokenBackup,
  isGzip,
  MANIFEST,
  MANIFEST_BYTES,
  noBackup,
  readManifest,
  SEAL_BYTES,
  sealOf,
  type Manifest,
} from "./backup-file.ts";
import { StartupError } from "../../core/startup-error.ts";
import { errorCode } from "../../../disk/errors.ts";
import { createFile, readPieces, writeFully, type Files, type OpenFile } from "./files.ts";

/** Bytes that a byte of a backup can become. Ledgers become 3 to 15 times smaller. */
const MOST_RATIO = 100;

interface Reading {
  /** The backup. */
  file: OpenFile;
  /** Its path. */
  path: string;
  signal?: AbortSignal | undefined;
}

/** Checks that no byte of a backup has changed since it was made. Resolves to the bytes before its seal. Throws `StartupError`. */
export async function checkSeal({ file, path, signal }: Reading): Promise<number> {
  const { size } = await file.stat();
  const length = Math.max(0, size - SEAL_BYTES);
  const hash = createHash("sha256");
  let start: Buffer | undefined;
  for await (const piece of readPieces(file, 0, length)) {
    signal?.throwIfAborted();
    start ??= piece;
    hash.update(piece);
  }
  if (!start || !isGzip(start)) throw noBackup(path);
  const { value: seal = Buffer.alloc(0) } = await readPieces(file, length).next();
  if (!seal.equals(sealOf(hash.digest("hex")))) throw brokenBackup(path);
  return length;
}

/**
 * Writes the files of a backup into a folder, synced, and resolves to its manifest. Whatever the backup claims, nothing but
 * the store's own files is written, and as many bytes as the manifest says. Throws `StartupError`, or the signal's reason.
 */
export async function unpack(files: Files, dir: string, reading: Reading): Promise<Manifest> {
  const length = await checkSeal(reading);
  const { file, path, signal } = reading;
  const tar = extract();
  const packed = pipeline(Readable.from(readPieces(file, 0, length)), createGunzip(), tar, { signal });
  // What is wrong with the stream ends the loop over its files, too.
  packed.catch(() => {});
  try {
    return await takeFiles(tar, { files, dir, path, most: MOST_RATIO * length });
  } catch (error) {
    tar.destroy();
    signal?.throwIfAborted();
    throw isOfSystem(error) || error instanceof StartupError ? error : noBackup(path, error);
  }
}

/** Not one of zlib or tar. */
const isOfSystem = (error: unknown) => errorCode(error)?.startsWith("E");

interface Target {
  files: Files;
  dir: string;
  path: string;
  /** Bytes. */
  most: number;
}

async function takeFiles(tar: Extract, { files, dir, path, most }: Target): Promise<Manifest> {
  let manifest: Manifest | undefined;
  let taken = 0;
  for await (const entry of tar) {
    const { name, size, type } = entry.header;
    if (type !== "file") throw noBackup(path);
    if (!manifest) {
      if (name !== MANIFEST || size > MANIFEST_BYTES) throw noBackup(path);
      manifest = readManifest((await buffer(entry)).toString(), path);
      if (manifest.files.reduce((sum, { bytes }) => sum + bytes, 0) > most) throw noBackup(path);
      continue;
    }
    const expected = manifest.files[taken];
    if (!expected || expected.name !== name || expected.bytes !== size) throw noBackup(path);
    if ((await writeFile(files, dir, name, entry as AsyncIterable<Buffer>)) !== expected.sha256)
      throw noBackup(path);
    taken += 1;
  }
  if (!manifest || taken !== manifest.files.length) throw noBackup(path);
  return manifest;
}

/** Resolves to the SHA-256 of what was written. */
async function writeFile(
  files: Files,
  dir: string,
  name: string,
  bytes: AsyncIterable<Buffer>,
): Promise<string> {
  const file = await createFile(files, dir, name);
  const hash = createHash("sha256");
  let length = 0;
  try {
    for await (const piece of bytes) {
      hash.update(piece);
      await writeFully(file, piece, length);
      length += piece.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}
