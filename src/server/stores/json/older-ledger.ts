import { createHash } from "node:crypto";
import { counted } from "../../../text/numbers.ts";
import { createBooks, type Books } from "./books.ts";
import { booksOf, lacksMore, lastOf, versionOf, type Checkpoint } from "./checkpoint.ts";
import type { Continues } from "./compacted.ts";
import { CHECKPOINT, Damage, LEDGER } from "./damage.ts";
import { readPieces, type OpenFile } from "./files.ts";
import type { LedgerKey } from "./key.ts";
import { readFact, readHeader, type Header } from "./line.ts";
import { replay } from "./replay.ts";
import { headText } from "./seal.ts";

/** The header of a ledger, and the ledger that it continues; undefined if they cannot be read. */
async function beginOf(
  file: OpenFile,
): Promise<{ header: Header; continues: Continues | undefined } | undefined> {
  const { value: start = Buffer.alloc(0) } = await readPieces(file, 0).next();
  const lines: Buffer[] = [];
  for (let from = 0, end = start.indexOf(10); end !== -1 && lines.length < 3; end = start.indexOf(10, from)) {
    lines.push(start.subarray(from, end));
    from = end + 1;
  }
  const [first, second, third] = lines;
  const header = first && readHeader(first);
  if (header?.kind !== "read") return undefined;
  // Neither of them can have the HMAC of a key.
  const feature = second && readFact(second, header.head);
  const isCompacted =
    feature?.kind === "read" && feature.value.fact === "feature" && feature.value.feature === "compacted";
  const next = isCompacted && third ? readFact(third, feature.head) : undefined;
  const continues = next?.kind === "read" && next.value.fact === "continues" ? next.value : undefined;
  return { header: header.value, continues };
}

/**
 * Whether the ledger was written anew since the checkpoint, as version 2 or by a compaction: a process was killed before
 * it made the next one.
 */
export async function precedesLedger(file: OpenFile, checkpoint: Checkpoint): Promise<boolean> {
  const begin = await beginOf(file);
  if (!begin) return false;
  const { header, continues } = begin;
  if (header.ledger === checkpoint.ledger) return versionOf(checkpoint) < header.version;
  if (continues?.ledger !== checkpoint.ledger) return false;
  const last = lastOf(checkpoint);
  return last === continues.last
    ? headText(checkpoint.head ?? checkpoint.crc ?? 0) === continues.head
    : last < continues.last;
}

/**
 * The damage if the ledger is older than the checkpoint: it is shorter than what that covers, or the one that the
 * checkpoint's ledger continues. Undefined if it is not.
 */
export async function olderThan(
  file: OpenFile,
  checkpoint: Checkpoint,
  now: number,
  key: LedgerKey | undefined,
): Promise<Damage | undefined> {
  const { size } = await file.stat();
  const { ledger, length, continues } = checkpoint;
  const begin = await beginOf(file);
  if (begin?.continues?.ledger === ledger) return undefined;
  const isContinued = begin !== undefined && begin.header.ledger === continues?.ledger;
  if (!isContinued && size >= length) return undefined;
  const what = isContinued
    ? `${CHECKPOINT} was made from a later ledger, which continues this one after its fact ${continues.last}.`
    : `it has ${size} bytes, but ${CHECKPOINT} was made from ${length} bytes of it.`;
  const restore = `Nothing was changed. Restore ${LEDGER} from a backup, together with the ${CHECKPOINT} of the same time. `;
  const isSame = begin?.header.ledger === ledger || isContinued;
  const price = isSame ? await priceOf(file, checkpoint, now, key) : undefined;
  const without = price ?? "Without a backup, its content is lost.";
  return new Damage({ file: LEDGER, what, repair: restore + without });
}

/** What is lost if the server goes on with the older ledger, and how; undefined if that is damaged, too. */
async function priceOf(
  file: OpenFile,
  checkpoint: Checkpoint,
  now: number,
  key: LedgerKey | undefined,
): Promise<string | undefined> {
  const books = createBooks();
  try {
    await replay({ file, books, from: { byte: 0, line: 1 }, hash: createHash("sha256"), now, key });
  } catch (error) {
    if (error instanceof Damage) return undefined;
    throw error;
  }
  return (
    `Or go on with this older one, at a price: everything after its fact ${books.n} is lost, that is ${lossOf(books, checkpoint, now)}. ` +
    "A key of a lost charge is charged again, a lost grant can be made again under its ID, and a login that was ended since then is valid again until it expires. " +
    `For that, in the data folder: mv ${CHECKPOINT} ${CHECKPOINT}.newer (keep it: it has the lost balances), then start the server.`
  );
}

/** How the checkpoint's accounts differ. More may be lost: what came after the checkpoint. */
function lossOf(books: Books, checkpoint: Checkpoint, now: number): string {
  const later = booksOf(checkpoint, now);
  let [charged, given, made] = [0, 0, 0];
  for (const { id, tokens, used } of later.accounts.values()) {
    const before = books.accounts.get(id);
    if (!before) made += 1;
    charged += used - (before?.used ?? 0);
    given += tokens + used - (before ? before.tokens + before.used : 0);
  }
  const facts = `at least ${counted(later.n - books.n, "fact")}`;
  if (lacksMore(checkpoint)) return facts;
  const gifts =
    given < 0
      ? `${counted(-given, "token")} more taken than given`
      : `${counted(given, "token")} that were given`;
  return `${facts}: ${counted(charged, "token")} that were charged, ${gifts}, and ${counted(made, "new account")}`;
}
