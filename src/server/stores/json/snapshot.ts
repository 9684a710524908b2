import { createHash } from "node:crypto";
import { join } from "node:path";
import { secretsIn } from "../../core/signing-secrets.ts";
import { StartupError } from "../../core/startup-error.ts";
import type { Manifest } from "./backup-file.ts";
import { createCheckedLines } from "./checked-lines.ts";
import { Damage, LEDGER } from "./damage.ts";
import { openIfThere, readPieces, type Files, type OpenFile } from "./files.ts";
import { unreadable } from "./holder.ts";
import type { LedgerKey } from "./key.ts";
import { KNOWN } from "./known.ts";
import { openLedger } from "./open-ledger.ts";
import type { Folder } from "./read-in-folder.ts";
import { headText } from "./seal.ts";
import { brokenSecret, readSecret, SECRET } from "./secret.ts";
import type { Member } from "./write-backup.ts";

/** What a backup of a data folder holds: the files as they were at one moment, whatever a server writes meanwhile. */
export interface Snapshot {
  ledger: Manifest["ledger"];
  members: Member[];
  close(): Promise<void>;
}

interface Options {
  /** Whether the signing secret is one of the files. */
  secrets: boolean;
  signal?: AbortSignal | undefined;
}

/** Reads and checks each line of the ledger up to what is durable. Holds none of the files in memory. Throws `StartupError`. */
export async function openSnapshot(folder: Folder, { secrets, signal }: Options): Promise<Snapshot> {
  const { dir, files } = folder;
  const opened: OpenFile[] = [];
  async function close(): Promise<void> {
    for (const file of opened) await file.close();
  }
  try {
    const secret = secrets ? await secretIn(files, dir) : [];
    const { file, content: ledger, sum } = await openChecked(folder, signal);
    opened.push(file);
    const members = [memberOf(file, LEDGER, sum, dir), ...secret];
    const known = await openIfThere(files, join(dir, KNOWN));
    if (known) {
      opened.push(known);
      members.push(memberOf(known, KNOWN, await sumOf(known), dir));
    }
    return { ledger, members, close };
  } catch (error) {
    await close();
    if (signal?.aborted && error === signal.reason) throw error;
    return unreadable(dir)(error);
  }
}

interface Sum {
  bytes: number;
  sha256: string;
}

interface CheckedLedger {
  file: OpenFile;
  content: Manifest["ledger"];
  sum: Sum;
}

/**
 * A ledger that was written anew meanwhile is opened again. So is one with damage, once: a server that started meanwhile
 * may have removed an incomplete write.
 */
async function openChecked(folder: Folder, signal: AbortSignal | undefined): Promise<CheckedLedger> {
  let damage: Damage | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const ledger = await openLedger(folder, 0);
    try {
      const to = await ledger.end();
      if (to !== undefined)
        return { file: ledger.file, ...(await check(ledger.file, to, folder.key, signal)) };
    } catch (error) {
      await ledger.close();
      if (!(error instanceof Damage) || damage) throw error;
      damage = error;
      continue;
    }
    await ledger.close();
  }
}

/** Checks the whole lines up to byte `to`. */
async function check(
  file: OpenFile,
  to: number,
  key: LedgerKey | undefined,
  signal: AbortSignal | undefined,
): Promise<Omit<CheckedLedger, "file">> {
  const hash = createHash("sha256");
  const hashed: Pick<OpenFile, "read"> = {
    async read(buffer, offset, length, position) {
      const read = await file.read(buffer, offset, length, position);
      hash.update(buffer.subarray(offset, offset + read.bytesRead));
      return read;
    },
  };
  const lines = createCheckedLines(hashed, key);
  const pieces = lines.read(to, () => false);
  while (!(await pieces.next()).done) signal?.throwIfAborted();
  const bytes = lines.byte();
  // Without a server the last write may be incomplete.
  if (bytes < to) return check(file, bytes, key, signal);
  return {
    content: { id: lines.ledger() ?? "", lines: lines.lines(), head: headText(lines.head()) },
    sum: { bytes, sha256: hash.digest("hex") },
  };
}

async function sumOf(file: OpenFile): Promise<Sum> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const piece of readPieces(file, 0)) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** The first bytes of an open file. */
function memberOf(file: OpenFile, name: Member["name"], sum: Sum, dir: string): Member {
  return {
    name,
    ...sum,
    async *pieces() {
      const hash = createHash("sha256");
      try {
        for await (const piece of readPieces(file, 0, sum.bytes, PIECE)) {
          hash.update(piece);
          yield piece;
        }
      } catch (error) {
        unreadable(dir)(error);
      }
      if (hash.digest("hex") !== sum.sha256) throw changed(join(dir, name));
    },
  };
}

/** Bytes that are read at once. */
const PIECE = 256 * 1024;

const changed = (path: string) =>
  new StartupError(
    `${path} changed while it was read.`,
    "No backup was made. Only its server may write to the folder. Look for damage with store check.",
  );

/** None if a server has never made one. Throws `StartupError` if it is broken. */
async function secretIn(files: Files, dir: string): Promise<Member[]> {
  const bytes = await readSecret(files, dir);
  if (bytes === undefined) return [];
  if (!secretsIn(bytes)) throw brokenSecret(join(dir, SECRET));
  return [
    {
      name: SECRET,
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      async *pieces() {
        yield bytes;
      },
    },
  ];
}
