import { z } from "zod";
import { StartupError } from "../../core/startup-error.ts";
import { LEDGER } from "./damage.ts";
import { KNOWN } from "./known.ts";
import { SECRET } from "./secret.ts";

// A backup is a compressed tar file (docs/backup.md#the-file): first the manifest, then the files that it names, in its
// order. What follows the tar file is an empty member of gzip whose comment is the SHA-256 of all bytes before it. So
// `tar -xzf` reads the file too, and any byte that changed is found, also those of gzip that its own checksum leaves out.

/** Name of the first file. */
export const MANIFEST = "backup.json";

/** Bytes that a manifest has at most. */
export const MANIFEST_BYTES = 64 * 1024;

const FORMAT = "ai-chat-backup";
const VERSION = 1;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();

const manifest = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  /** When the backup began: what was acknowledged before is in it. ISO 8601, UTC. */
  at: z.iso.datetime(),
  ledger: z.strictObject({ id: z.string(), lines: count, head: z.string() }),
  files: z.array(z.strictObject({ name: z.enum([LEDGER, SECRET, KNOWN]), bytes: count, sha256 })),
});
export type Manifest = z.infer<typeof manifest>;
export type ManifestFile = Manifest["files"][number];

export const manifestText = (content: Omit<Manifest, "format" | "version">): string =>
  `${JSON.stringify({ format: FORMAT, version: VERSION, ...content }, undefined, 2)}\n`;

/** Reads the manifest of the backup `path`. Throws `StartupError`. */
export function readManifest(text: string, path: string): Manifest {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw noBackup(path, error);
  }
  const known = z.object({ format: z.literal(FORMAT), version: z.number() }).safeParse(read);
  if (known.data && known.data.version > VERSION)
    throw new StartupError(
      `${path} was made by a newer ai-chat.`,
      "Nothing was restored. Use that ai-chat, or a later one.",
    );
  const { data, error } = manifest.safeParse(read);
  const names = new Set(data?.files.map(({ name }) => name));
  if (!data || names.size !== data.files.length || !names.has(LEDGER)) throw noBackup(path, error);
  return data;
}

/** It cannot be read as a backup. */
export const noBackup = (path: string, cause?: unknown) =>
  new StartupError(
    `${path} is not a backup of a chat server.`,
    "Nothing was restored. Name a file that store backup made.",
    cause,
  );

/** It is one that changed since it was made. */
export const brokenBackup = (path: string, cause?: unknown) =>
  new StartupError(
    `${path} is incomplete, or it was changed.`,
    "Nothing was restored. Copy the file again from where it was made, or use another backup.",
    cause,
  );

/** A header of gzip with a comment; the others have none, or nothing that depends on the time. */
const START = Buffer.from([0x1f, 0x8b, 8, 0x10, 0, 0, 0, 0, 0, 0xff]);

/** The end of the comment, no data, and the checksum and length of no data. */
const END = Buffer.from([0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/** The last bytes of a backup. `sum`: SHA-256 of those before, in hex. */
export const sealOf = (sum: string): Buffer =>
  Buffer.concat([START, Buffer.from(`${FORMAT} sha256 ${sum}`), END]);

export const SEAL_BYTES = sealOf("0".repeat(64)).length;

/** Whether bytes look like those of gzip. */
export const isGzip = (bytes: Buffer): boolean => bytes.subarray(0, 3).equals(START.subarray(0, 3));
