import { createHash } from "node:crypto";
import { join } from "node:path";
import { StartupError } from "../../core/startup-error.ts";
import { Damage, LEDGER } from "./damage.ts";
import { reading, readLines, replaceWith, writeFully, type Files, type OpenFile } from "./files.ts";
import { factLine, headerLine, readHeader, resealed } from "./line.ts";
import { loadWhole, type Loaded } from "./load.ts";
import type { Head } from "./seal.ts";

/** A ledger that is whole and synced up to its end. */
type Written = Pick<Loaded, "books" | "hash"> & { end: Pick<Loaded["end"], "byte"> };

/**
 * Writes a ledger that ends where `loaded` says anew as version 2, with a last line that names the feature `models`. Its
 * other lines keep everything but their checksums. The new file is read back before it takes the place of the old one.
 */
export async function writeAnew(files: Files, dir: string, loaded: Written, at: number): Promise<Loaded> {
  let anew!: Loaded;
  await replaceWith(files, dir, LEDGER, async (file, path) => {
    await reading(files, join(dir, LEDGER), (old) => copyLines(old, file, loaded, at));
    anew = await reading(files, path, (written) => loadWhole(written, at)).catch((error: unknown) => {
      throw error instanceof Damage ? notWritten(error) : error;
    });
    if (anew.books.n !== loaded.books.n + 1) throw notWritten();
  });
  return anew;
}

async function copyLines(from: OpenFile, to: OpenFile, { books, end, hash }: Written, at: number) {
  const read = createHash("sha256");
  let position = 0;
  let head: Head | undefined;
  async function write(pieces: Buffer[]): Promise<void> {
    const bytes = Buffer.concat(pieces.flatMap((piece) => [piece, NEWLINE]));
    await writeFully(to, bytes, position);
    position += bytes.length;
  }
  for await (const lines of readLines(from, end.byte)) {
    const pieces: Buffer[] = [];
    for (const line of lines) {
      read.update(line).update(NEWLINE);
      const next = head === undefined ? headed(line) : resealed(line, head);
      ({ head } = next);
      pieces.push(next.bytes);
    }
    await write(pieces);
  }
  if (head === undefined || read.digest("hex") !== hash.copy().digest("hex"))
    throw new Error("The ledger changed while it was read.");
  const feature = factLine({ n: books.n + 1, at, fact: "feature", feature: "models" }, head);
  await write([Buffer.from(feature.text)]);
}

const notWritten = (cause?: unknown) =>
  new StartupError(
    `${LEDGER} cannot be written anew: what is read back is not what was written.`,
    "Nothing was changed. Check the disk, then start again.",
    cause,
  );

const NEWLINE = Buffer.from("\n");

/** The header of version 2 for a ledger with this header. */
function headed(line: Buffer): { bytes: Buffer; head: Head } {
  const header = readHeader(line);
  if (header.kind !== "read") throw new Error("The ledger has no header.");
  const { text, head } = headerLine({ ...header.value, version: 2 });
  return { bytes: Buffer.from(text), head };
}
