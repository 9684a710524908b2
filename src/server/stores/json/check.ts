import { createHash } from "node:crypto";
import { join } from "node:path";
import { SECRET_BYTES } from "../../../protocol/limits.ts";
import { StartupError } from "../../core/startup-error.ts";
import { createBooks, type Books } from "./books.ts";
import { booksOf, checkpointOf, readCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { checkpointDamage, Damage, LEDGER, type Finding } from "./damage.ts";
import { disk, errorCode, readWhole, type Files, type OpenFile } from "./files.ts";
import { hasLedger } from "./has-ledger.ts";
import { ledgerCut } from "./load.ts";
import { lockHolder } from "./lock.ts";
import { replay, type Place, type Replayed } from "./replay.ts";
import { SECRET } from "./secret.ts";

/** What a look at a data folder found. */
export interface Checked {
  /** Nothing is wrong: a server starts on it. */
  ok: boolean;
  findings: Finding[];
  /** Sentences about what is no damage but worth knowing. */
  notes: string[];
  /** A live server holds the folder. */
  running: boolean;
  /** Whole lines of the ledger up to the first damage, the header counted. */
  lines: number;
  accounts: number;
  /** Sum of all balances. */
  tokens: number;
}

/**
 * Reads the whole ledger of a folder from its first line, compares it with the checkpoint, and changes nothing; a
 * server may be running on it. Throws `StartupError` where the folder cannot be read.
 */
export async function checkFolder(
  dir: string,
  { files = disk, now = Date.now }: { files?: Files; now?: () => number } = {},
): Promise<Checked> {
  try {
    await files.list(dir);
    return await look(files, dir, now());
  } catch (error) {
    if (error instanceof StartupError) throw error;
    const code = errorCode(error) ?? "unknown error";
    throw new StartupError(
      `The folder ${dir} cannot be read (${code}).`,
      "Look at its owner and mode.",
      error,
    );
  }
}

async function look(files: Files, dir: string, now: number): Promise<Checked> {
  const books = createBooks();
  const findings: Finding[] = [];
  const running = await lockHolder(dir);
  // Before the ledger, which only grows: so a running server cannot make the two look different.
  const checkpoint = await collect(findings, () => readCheckpoint(files, dir));
  const begun = await collect(findings, () => hasLedger(files, dir));
  const ledger = begun ? await files.open(join(dir, LEDGER), "r") : undefined;
  const end = ledger && (await lookAtLedger({ file: ledger, books, now }, checkpoint, findings));
  findings.push(...((await collect(findings, () => secretFindings(files, dir))) ?? []));
  const balances = [...books.accounts.values()].map(({ tokens }) => tokens);
  return {
    ok: findings.length === 0,
    findings,
    notes: begun === false ? ["The folder holds no ledger."] : tailNotes(end, running),
    running,
    lines: books.ledger === "" ? 0 : books.n + 1,
    accounts: balances.length,
    tokens: balances.reduce((sum, tokens) => sum + tokens, 0),
  };
}

/** Where a whole replay ended, or undefined where damage did. Closes the file. */
async function lookAtLedger(
  read: Read,
  checkpoint: Checkpoint | undefined,
  findings: Finding[],
): Promise<Replayed | undefined> {
  try {
    const { size } = await read.file.stat();
    const short = checkpoint && size < checkpoint.length;
    if (short) findings.push(ledgerCut(size, checkpoint).finding);
    return await collect(findings, () => readAll(read, short ? undefined : checkpoint, findings));
  } finally {
    await read.file.close();
  }
}

/** What `read` gives; damage that it meets becomes a finding. */
async function collect<T>(findings: Finding[], read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    findings.push(error.finding);
    return undefined;
  }
}

interface Read {
  file: OpenFile;
  books: Books;
  now: number;
}

/** Replays up to where the checkpoint was made, compares, and goes on to the end. */
async function readAll(
  read: Read,
  checkpoint: Checkpoint | undefined,
  findings: Finding[],
): Promise<Replayed> {
  const hash = createHash("sha256");
  let from: Place = { byte: 0, line: 1 };
  if (checkpoint) {
    const reached = await replay({ ...read, hash, from, to: checkpoint.length });
    const sha256 = hash.copy().digest("hex");
    const why = difference(read, checkpoint, { sha256, whole: reached.tail.kind === "none" });
    if (why !== undefined) findings.push(checkpointDamage(why).finding);
    from = reached;
  }
  return replay({ ...read, hash, from });
}

/** In which way a checkpoint is not what the ledger implies, or undefined. */
function difference(
  { books, now }: Read,
  checkpoint: Checkpoint,
  { sha256, whole }: { sha256: string; whole: boolean },
): string | undefined {
  if (books.ledger !== checkpoint.ledger) return `it was made from another ${LEDGER} than the one beside it.`;
  if (!whole || sha256 !== checkpoint.sha256) return `it does not fit ${LEDGER}.`;
  const [ours, theirs] = [books, booksOf(checkpoint, now)].map((side) => comparable(side, now));
  const other = Object.keys(ours ?? {}).find((part) => ours?.[part] !== theirs?.[part]);
  return other && `its ${other} are not what ${LEDGER} implies, although its checksums are right.`;
}

/** Everything in the books, each part as a text that is the same for the same content. */
function comparable(books: Books, now: number): Record<string, string> {
  const { accounts, keys, revoked, grants } = checkpointOf(books, { length: 0, lines: 0, sha256: "" }, now);
  const parts = { accounts, keys, revoked, grants, counters: [books.n, books.crc] };
  const texts = Object.entries(parts).map(([part, list]) => [
    part,
    list
      .map((entry) => JSON.stringify(entry))
      .sort()
      .join("\n"),
  ]);
  return Object.fromEntries(texts) as Record<string, string>;
}

function tailNotes(end: Replayed | undefined, running: boolean): string[] {
  if (!end) return [];
  const { tail, line, byte } = end;
  if (tail.kind === "none") return [];
  const where = `${LEDGER}, line ${tail.kind === "whole" ? line - 1 : line}`;
  if (running) return [`${where}: it is being written.`];
  return tail.kind === "whole"
    ? [`${where}: its newline is missing; the next start adds it.`]
    : [`${where} (byte ${byte}): its last write was cut short; the next start cuts off ${tail.bytes} bytes.`];
}

async function secretFindings(files: Files, dir: string): Promise<Finding[]> {
  const secret = await readWhole(files, join(dir, SECRET));
  if (!secret || secret.length >= SECRET_BYTES) return [];
  const repair = "Restore it from a backup, or remove it: then everybody has to log in again.";
  return [{ file: SECRET, what: `it is shorter than ${SECRET_BYTES} bytes.`, repair }];
}
