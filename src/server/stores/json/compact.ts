import { createHash, randomUUID } from "node:crypto";
import { join, resolve } from "node:path";
import { errorCode } from "../../../disk/errors.ts";
import { NoStore, OtherOwner, StartupError } from "../../core/startup-error.ts";
import { unlessAborted } from "../give-up.ts";
import { keyFact } from "./adopt.ts";
import { linesOf } from "./books.ts";
import { checkpointOf } from "./checkpoint.ts";
import { writeCheckpoint } from "./checkpoint-file.ts";
import { notWritten } from "./checkpoints.ts";
import { collectUse } from "./collect-use.ts";
import { differingState } from "./compare-checkpoint.ts";
import { olderName } from "./compacted.ts";
import { firstLines, stateLines, type Draft } from "./compacted-lines.ts";
import { LEDGER } from "./damage.ts";
import { disk } from "./disk.ts";
import type { Line } from "./facts.ts";
import { reading, replaceWith, syncFolder, writeFully, type Files, type OpenFile } from "./files.ts";
import { tidyFolder } from "./folder.ts";
import { hasLedger } from "./has-ledger.ts";
import { unreadable } from "./holder.ts";
import { keyTaken, openLedgerKey, type LedgerKey } from "./key.ts";
import { factLine, headerLine } from "./line.ts";
import { load, loadWhole, type Loaded } from "./load.ts";
import { acquireLock, FolderInUse } from "./lock.ts";
import { mend } from "./mend.ts";
import { checkOwner } from "./other-owner.ts";
import { headText } from "./seal.ts";

/** Characters that are collected before they are written. */
const PIECE = 1024 * 1024;

/** What a compaction did. */
export interface Compacted {
  /** The path of the older ledger, which has all facts of before. */
  older: string;
  /** Of both ledgers. `lines`: with the header. */
  before: { lines: number; bytes: number };
  after: { lines: number; bytes: number };
  accounts: number;
  /** Sum of all balances. */
  tokens: number;
  /** Of the new ledger's last line. */
  head: string;
}

interface Options {
  now?: number;
  /** Gets sentences for the operator. */
  warn: (sentence: string) => void;
  signal?: AbortSignal | undefined;
  ledgerKey?: string | undefined;
  files?: Files;
}

interface Work {
  files: Files;
  dir: string;
  now: number;
  warn: (sentence: string) => void;
  signal: AbortSignal | undefined;
  key: LedgerKey | undefined;
}

type Old = Loaded & { collected: Awaited<ReturnType<typeof collectUse>> };

/**
 * Replaces the ledger of a data folder by one that begins with its present state (docs/backup.md#compact-a-ledger). The
 * older one stays beside it under another name. If it fails, is interrupted or killed, the ledger is the old one or the new
 * one, and whole. No server may run on the folder. Throws `StartupError`, or the signal's reason.
 */
export async function compactFolder(
  named: string,
  { now = Date.now(), warn, signal, ledgerKey, files = disk }: Options,
): Promise<Compacted> {
  const dir = resolve(named);
  await checkOwner(files, dir);
  const key = ledgerKey === undefined ? undefined : await openLedgerKey(ledgerKey, dir);
  try {
    if (!(await hasLedger(files, dir).catch(unreadable(dir))))
      throw new NoStore(`There is no store in ${dir}.`, "Name the folder that holds ledger.jsonl.");
    const lock = await acquireLock(dir);
    try {
      return await compact({ files, dir, now, warn, signal, key });
    } finally {
      await lock.release();
    }
  } catch (error) {
    if (error instanceof FolderInUse) throw inUse(error);
    throw error instanceof StartupError || error instanceof OtherOwner || signal?.aborted
      ? error
      : failed(error);
  }
}

async function compact(work: Work): Promise<Compacted> {
  const { files, dir, now, warn, signal, key } = work;
  const loaded = await unlessAborted(() => load(files, dir, now, key), signal);
  if (key && !loaded.books.features.has("key")) throw keyTaken();
  await removeSecondNames(files, dir);
  await tidyFolder(files, dir);
  await mend(files, dir, loaded, now, warn);
  const old = await unlessAborted(() => readOld(work), signal);
  // After a second compaction, nothing would show that an even older checkpoint is of the ledger before.
  if (loaded.covered !== old.end.byte) await checkpoint(work, old);
  const older = olderName(old.books.n);
  const anew = await replace(work, old, older).catch(async (error: unknown) => {
    await removeSecondNames(files, dir).catch(() => {});
    throw error;
  });
  await checkpoint(work, anew).catch((error: unknown) => warn(notWritten(error)));
  const { books } = anew;
  return {
    older: join(dir, older),
    before: { lines: linesOf(old.books), bytes: old.end.byte },
    after: { lines: linesOf(books), bytes: anew.end.byte },
    accounts: books.accounts.size,
    tokens: [...books.accounts.values()].reduce((sum, { tokens }) => sum + tokens, 0),
    head: headText(books.head),
  };
}

const readOld = ({ files, dir, now, key, signal }: Work): Promise<Old> =>
  reading(files, join(dir, LEDGER), async (file) => {
    const whole = await loadWhole(file, now, key);
    return { ...whole, collected: await collectUse(file, whole.end.byte, { key, now, signal }) };
  });

function checkpoint({ files, dir, now, key }: Work, { books, end, hash }: Loaded): Promise<void> {
  const covered = { length: end.byte, lines: linesOf(books), sha256: hash.copy().digest("hex") };
  return writeCheckpoint(files, dir, checkpointOf(books, covered, now), key);
}

/** Writes the new ledger, reads it back, gives the old one its second name, and puts the new one in its place. */
async function replace(work: Work, old: Old, older: string): Promise<Loaded> {
  const { files, dir, now, key, signal } = work;
  let anew!: Loaded;
  await replaceWith(files, dir, LEDGER, async (file, path) => {
    await write(file, old, work);
    const read = await unlessAborted(
      () =>
        reading(files, path, async (written) => {
          anew = await loadWhole(written, now, key);
          return collectUse(written, anew.end.byte, { key, now, signal });
        }).catch((error: unknown) => {
          throw error instanceof StartupError ? notAsWritten(error) : error;
        }),
      signal,
    );
    const same = JSON.stringify([...read]) === JSON.stringify([...inOrder(old)]);
    if (differingState(old.books, anew.books, now) !== undefined || !same) throw notAsWritten();
    await files.link(join(dir, LEDGER), join(dir, older)).catch((error: unknown) => {
      throw errorCode(error) === "EEXIST" ? taken(older) : error;
    });
    await syncFolder(files, dir);
  });
  return anew;
}

/** In the order in which the new ledger has them. */
function* inOrder({ books, collected }: Old) {
  for (const id of books.accounts.keys()) yield [id, collected.get(id)];
}

async function write(file: OpenFile, { books, collected }: Old, { now, key, signal }: Work): Promise<void> {
  const hash = createHash("sha256");
  const header = headerLine({ version: 2, ledger: randomUUID(), at: now });
  let [text, position, n, head] = [`${header.text}\n`, 0, books.n, header.head];

  async function flush(): Promise<void> {
    const bytes = Buffer.from(text);
    hash.update(bytes);
    await writeFully(file, bytes, position).catch((error: unknown) => {
      throw noRoom(error, position + bytes.length);
    });
    position += bytes.length;
    text = "";
  }
  function add(line: Line): void {
    const sealed = factLine(line, head, key);
    ({ head } = sealed);
    ({ n } = line);
    text += `${sealed.text}\n`;
  }
  const place = () => ({ n: n + 1, at: now });
  const put = (draft: Draft) => add({ ...place(), ...draft });

  for (const draft of firstLines(books)) put(draft);
  await flush();
  if (key) add(keyFact(place(), hash.copy().digest("hex"), key));
  for (const draft of stateLines(books, collected, now)) {
    signal?.throwIfAborted();
    put(draft);
    if (text.length >= PIECE) await flush();
  }
  await flush();
}

/** Removes other names of the present ledger: a compaction was killed, or failed, before the new one took its place. */
async function removeSecondNames(files: Files, dir: string): Promise<void> {
  const { ino, dev } = await files.stat(join(dir, LEDGER));
  for (const name of await files.list(dir)) {
    if (!/^ledger-\d+\.jsonl$/.test(name)) continue;
    const other = await files.stat(join(dir, name));
    if (other.ino === ino && other.dev === dev) await files.remove(join(dir, name));
  }
}

const inUse = (error: StartupError) =>
  new StartupError(
    error.message,
    "A compaction needs the folder for itself: stop the server, then compact again.",
    error,
  );

const taken = (older: string) =>
  new StartupError(
    `${older} exists already, and the present ledger would get that name.`,
    "Nothing was changed. Move that file away, then compact again.",
  );

const notAsWritten = (cause?: unknown) =>
  new StartupError(
    `${LEDGER} cannot be written anew: what is read back is not what was written.`,
    "Nothing was changed. Check the disk, then compact again.",
    cause,
  );

function noRoom(error: unknown, bytes: number): unknown {
  const code = errorCode(error);
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new StartupError(
    `The disk has no room for the new ledger (${code}), which needs at least ${Math.ceil(bytes / 1024 / 1024)} MiB and is there beside the old one.`,
    "Nothing was changed. Make room, then compact again.",
    error,
  );
}

function failed(error: unknown): StartupError {
  // One line for an account is too long.
  const why = error instanceof RangeError ? error.message.replace(/\.$/, "") : errorCode(error);
  return new StartupError(
    `The compaction failed (${why ?? "unknown error"}).`,
    "The ledger is the old one or the new one, and whole. Correct the cause, then compact again.",
    error,
  );
}
