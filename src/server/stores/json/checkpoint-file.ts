import { createHash } from "node:crypto";
import { join } from "node:path";
import { Low, type Adapter } from "lowdb";
import { createBooks } from "./books.ts";
import { checkpointOf, FORMAT, hasKey, VERSION, type Checkpoint } from "./checkpoint.ts";
import { CHECKPOINT, checkpointDamage, newerCheckpoint } from "./damage.ts";
import { isFeature } from "./facts.ts";
import { readWhole, replaceFile, type Files } from "./files.ts";
import { keyWithId, macOf, type LedgerKey } from "./key.ts";
import { unknownFeature } from "./line.ts";

/**
 * Reads `accounts.json`; undefined if there is none. Throws `Damage` if it was changed since it was written, and `KeyError`
 * if it was made with another key.
 */
export async function readCheckpoint(
  files: Files,
  dir: string,
  key: LedgerKey | undefined,
): Promise<Checkpoint | undefined> {
  const db = openDocument(files, dir, key);
  await db.read();
  return db.data.format === "" ? undefined : db.data;
}

/** Replaces `accounts.json`, durably. */
export async function writeCheckpoint(
  files: Files,
  dir: string,
  checkpoint: Checkpoint,
  key: LedgerKey | undefined,
): Promise<void> {
  const db = openDocument(files, dir, key);
  db.data = checkpoint;
  await db.write();
}

function openDocument(files: Files, dir: string, key: LedgerKey | undefined): Low<Checkpoint> {
  const none = checkpointOf(createBooks(), { length: 0, lines: 0, sha256: "" }, 0);
  return new Low(createSealedFile(files, dir, key), { ...none, format: "" });
}

/** lowdb's adapter for a file that is replaced atomically, synced, and ends with its own checksum. */
function createSealedFile(files: Files, dir: string, key: LedgerKey | undefined): Adapter<Checkpoint> {
  return {
    async read() {
      const bytes = await readWhole(files, join(dir, CHECKPOINT));
      return bytes === undefined ? null : unseal(bytes, key);
    },
    write: (checkpoint) => replaceFile(files, dir, CHECKPOINT, seal(checkpoint, key)),
  };
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const sealEnd = (sum: string) => `,"checksum":"${sum}"}\n`;
const SEAL_BYTES = sealEnd("0".repeat(64)).length;

const macEnd = (mac: string) => `,"mac":"${mac}"`;
const MAC_BYTES = macEnd("0".repeat(64)).length;

function seal(checkpoint: Checkpoint, key: LedgerKey | undefined): Buffer {
  const plain = JSON.stringify(key ? { ...checkpoint, key: key.id } : checkpoint).slice(0, -1);
  const body = Buffer.from(key ? plain + macEnd(macOf(key, plain)) : plain);
  return Buffer.concat([body, Buffer.from(sealEnd(sha256(body)))]);
}

function unseal(bytes: Buffer, key: LedgerKey | undefined): Checkpoint {
  const body = bytes.subarray(0, Math.max(0, bytes.length - SEAL_BYTES));
  if (bytes.toString("latin1", body.length) !== sealEnd(sha256(body)))
    throw checkpointDamage("its checksum is wrong: it was changed, or is incomplete.");
  let read: Checkpoint;
  try {
    read = JSON.parse(`${body.toString("utf8")}}`) as Checkpoint;
  } catch (error) {
    throw checkpointDamage("it is not JSON.", error);
  }
  if (read.format !== FORMAT || read.version !== VERSION)
    throw checkpointDamage(`it has version ${read.version}, which this ai-chat cannot read.`);
  const unknown = read.features?.find((feature) => !isFeature(feature));
  if (unknown !== undefined) throw newerCheckpoint(unknownFeature(unknown));
  if (hasKey(read)) {
    const plain = body.subarray(0, Math.max(0, body.length - MAC_BYTES));
    if (body.toString("latin1", plain.length) !== macEnd(macOf(keyWithId(key, read.key), plain)))
      throw checkpointDamage("it was changed by somebody without the key.");
  }
  return read;
}
