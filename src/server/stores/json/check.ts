import { createHash } from "node:crypto";
import { join } from "node:path";
import { SECRET_BYTES } from "../../../protocol/limits.ts";
import { secretsIn } from "../../core/signing-secrets.ts";
import { StartupError } from "../../core/startup-error.ts";
import { createBooks, linesOf, type Books } from "./books.ts";
import { clockNotes } from "./clock-notes.ts";
import type { Checked, Finding } from "../checked.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { readCheckpoint } from "./checkpoint-file.ts";
import { olderName } from "./compacted.ts";
import { difference } from "./compare-checkpoint.ts";
import { checkpointDamage, Damage, LEDGER } from "./damage.ts";
import { errorCode } from "../../../disk/errors.ts";
import { disk } from "./disk.ts";
import { readWhole, type Files, type OpenFile } from "./files.ts";
import { hasLedger } from "./has-ledger.ts";
import { olderThan, precedesLedger } from "./older-ledger.ts";
import { keyTaken, openLedgerKey, type LedgerKey } from "./key.ts";
import { lockHolder } from "./lock.ts";
import { replay, type Place, type Replayed } from "./replay.ts";
import { headText } from "./seal.ts";
import { SECRET } from "./secret.ts";

/**
 * Reads the whole ledger of a folder from its first line, compares it with the checkpoint, and changes nothing; a
 * server may be running on it. Throws `StartupError` if the folder cannot be read, and `KeyError`
 * without its key.
 */
export async function checkFolder(
  dir: string,
  {
    files = disk,
    now = Date.now,
    ledgerKey,
  }: { files?: Files; now?: () => number; ledgerKey?: string | undefined } = {},
): Promise<Checked> {
  try {
    await files.list(dir);
    const key = ledgerKey === undefined ? undefined : await openLedgerKey(ledgerKey, dir);
    return await look(files, dir, now(), key);
  } catch (error) {
    if (error instanceof StartupError) throw error;
    const code = errorCode(error) ?? "unknown error";
    throw new StartupError(`The folder ${dir} cannot be read (${code}).`, "Check its owner and mode.", error);
  }
}

async function look(files: Files, dir: string, now: number, key: LedgerKey | undefined): Promise<Checked> {
  const books = createBooks();
  const findings: Finding[] = [];
  const running = await lockHolder(dir);
  // Read before the ledger, which only grows: otherwise a running server could make the two differ.
  const checkpoint = await collect(findings, () => readCheckpoint(files, dir, key));
  const begun = await collect(findings, () => hasLedger(files, dir));
  const ledger = begun ? await files.open(join(dir, LEDGER), "r") : undefined;
  const end = ledger && (await lookAtLedger({ file: ledger, books, now, key }, checkpoint, findings));
  if (end && key && !books.features.has("key")) findings.push(noKeyFinding());
  findings.push(...((await collect(findings, () => secretFindings(files, dir))) ?? []));
  const balances = [...books.accounts.values()].map(({ tokens }) => tokens);
  return {
    ok: findings.length === 0,
    findings,
    notes:
      begun === false
        ? ["The folder holds no ledger."]
        : [...tailNotes(end, running), ...clockNotes(books, now), ...olderNotes(books)],
    running,
    lines: books.ledger === "" ? 0 : linesOf(books),
    accounts: balances.length,
    tokens: balances.reduce((sum, tokens) => sum + tokens, 0),
    head: books.ledger === "" ? undefined : headText(books.head),
  };
}

/** Where the replay ended; undefined if it ended with damage. Closes the file. */
async function lookAtLedger(
  read: Read,
  checkpoint: Checkpoint | undefined,
  findings: Finding[],
): Promise<Replayed | undefined> {
  try {
    const older = checkpoint && (await olderThan(read.file, checkpoint, read.now, read.key));
    if (older) findings.push(older.finding);
    const fits = checkpoint && !older && !(await precedesLedger(read.file, checkpoint));
    return await collect(findings, () => readAll(read, fits ? checkpoint : undefined, findings));
  } finally {
    await read.file.close();
  }
}

/** The result of `read`. Damage becomes a finding. */
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
  key: LedgerKey | undefined;
}

/** Replays up to the checkpoint's position, compares the books, and replays the rest. */
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

function noKeyFinding(): Finding {
  const { hint } = keyTaken();
  return { file: LEDGER, what: "it has no key, although one was named.", repair: hint };
}

const olderNotes = ({ continues }: Books): string[] =>
  continues
    ? [
        `${LEDGER} continues an older ledger after fact ${continues.last}: ${olderName(continues.last)}, if it was kept.`,
      ]
    : [];

function tailNotes(end: Replayed | undefined, running: boolean): string[] {
  if (!end) return [];
  const { tail, line, byte } = end;
  if (tail.kind === "none") return [];
  const where = `${LEDGER}, line ${tail.kind === "whole" ? line - 1 : line}`;
  if (running) return [`${where}: it is being written.`];
  return tail.kind === "whole"
    ? [`${where}: its newline is missing; the next start adds it.`]
    : [
        `${where} (byte ${byte}): the last write is incomplete; the next start removes its ${tail.bytes} bytes.`,
      ];
}

async function secretFindings(files: Files, dir: string): Promise<Finding[]> {
  const secret = await readWhole(files, join(dir, SECRET));
  if (!secret || secretsIn(secret)) return [];
  const repair = "Restore it from a backup, or remove it: then everybody has to log in again.";
  return [{ file: SECRET, what: `it is broken, or shorter than ${SECRET_BYTES} bytes.`, repair }];
}
