import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { NamedAiState } from "../../core/ai-states.ts";
import type { AccountRow } from "../../core/operations.ts";
import { NoAnswer, NoStore } from "../../core/startup-error.ts";
import { accountPages, accountRow } from "./account-rows.ts";
import { Damage } from "./damage.ts";
import { disk } from "./disk.ts";
import type { Files } from "./files.ts";
import { hasLedger } from "./has-ledger.ts";
import { otherVersion, PAUSE, refusalOf, TIMEOUT, UNKNOWN_ANSWER, unreadable } from "./holder.ts";
import { keyTaken, openLedgerKey, type LedgerKey } from "./key.ts";
import { load } from "./load.ts";
import { askHolderLines } from "./lock.ts";
import { operatorFailure, signed } from "./operator.ts";
import { checkOwner } from "./other-owner.ts";
import { mayBeName, readLine, type ReadLine, type ReadRequest } from "./reading.ts";

/** A data folder, read by a command. */
export interface Folder {
  dir: string;
  key: LedgerKey | undefined;
  /** A change of the folder follows, which gives a ledger without a key this one. */
  changes?: boolean | undefined;
  files: Files;
}

/** Opens a data folder for a command that only reads it. Throws `StartupError`. */
export async function openFolder(
  named: string,
  {
    ledgerKey,
    changes = false,
    files = disk,
  }: { ledgerKey?: string | undefined; changes?: boolean | undefined; files?: Files } = {},
): Promise<Folder> {
  const dir = resolve(named);
  await checkOwner(files, dir);
  const key = ledgerKey === undefined ? undefined : await openLedgerKey(ledgerKey, dir);
  return { dir, key, changes, files };
}

/** All accounts but deleted ones. Changes nothing. Throws `StartupError`. */
export const listInFolder = (folder: Folder): Promise<AccountRow[]> =>
  readFolder(folder, {
    asked: { accounts: true },
    async collect(lines) {
      const all: AccountRow[] = [];
      for await (const line of lines) {
        if ("end" in line) return all;
        if ("accounts" in line) all.push(...line.accounts);
      }
      return undefined;
    },
    onDisk: async () => [...accountPages(await shown(folder))].flat(),
  });

/** The account of that name, in any ASCII case; a deleted one by its pseudonym. Changes nothing. Throws `StartupError`. */
export async function findInFolder(folder: Folder, name: string): Promise<AccountRow | undefined> {
  if (!mayBeName(name)) return undefined;
  const { account } = await readFolder(folder, {
    asked: { account: name },
    async collect(lines) {
      for await (const line of lines) if ("account" in line) return line;
      return undefined;
    },
    onDisk: async () => ({ account: accountRow(await shown(folder), name) ?? null }),
  });
  return account ?? undefined;
}

/**
 * What the server that runs on the folder knows of its models. `no_server`: none runs. `none`: the process that holds the
 * folder asks no AI. Changes nothing. Throws `StartupError`.
 */
export const aiInFolder = (folder: Folder): Promise<NamedAiState[] | "no_server" | "none"> =>
  readFolder<NamedAiState[] | "no_server" | "none">(folder, {
    asked: { ai: true },
    async collect(lines) {
      for await (const line of lines) {
        if ("ai" in line) return line.ai?.map((state) => ({ ...unknown, ...state })) ?? "none";
      }
      return undefined;
    },
    async onDisk() {
      if (!(await hasLedger(folder.files, folder.dir))) throw noStore(folder.dir);
      return "no_server";
    },
  });

/** JSON leaves out what is undefined. */
const unknown = { since: undefined, why: undefined, cause: undefined };

/**
 * Reads through the process that holds the folder, and without one on the disk, without its lock: a process that starts
 * meanwhile may change what is read, so damage counts only if it is found twice. `collect` resolves to undefined if the
 * response ended too early.
 */
export async function readFolder<T>(
  { dir, key }: Folder,
  how: {
    asked: ReadRequest;
    collect: (lines: AsyncIterable<ReadLine>) => Promise<T | undefined>;
    onDisk: () => Promise<T>;
  },
): Promise<T> {
  const end = performance.now() + TIMEOUT;
  let damage: Damage | undefined;
  for (;;) {
    const lines = await askHolderLines(dir, signed(how.asked, key)).catch(unreadable(dir));
    if (lines) {
      const collected = await how.collect(parsed(lines, key));
      if (collected !== undefined) return collected;
    } else {
      try {
        return await how.onDisk();
      } catch (error) {
        if (!(error instanceof Damage) || damage) return unreadable(dir)(error);
        damage = error;
        continue;
      }
    }
    if (performance.now() > end) throw noAnswer(dir);
    await pause(PAUSE);
  }
}

/** The lines that this version knows. Throws what the holder says about its failure. */
async function* parsed(lines: AsyncIterable<unknown>, key: LedgerKey | undefined): AsyncGenerator<ReadLine> {
  for await (const line of lines) {
    const failure = operatorFailure.safeParse(line);
    if (failure.success) throw refusalOf(failure.data.error, key);
    const read = readLine.safeParse(line);
    if (!read.success) throw otherVersion(UNKNOWN_ANSWER);
    yield read.data;
  }
}

/** The books as the folder has them; without a process that holds it, no question is open. */
async function shown({ dir, key, changes, files }: Folder): Promise<Parameters<typeof accountRow>[0]> {
  if (!(await hasLedger(files, dir))) throw noStore(dir);
  const { books } = await load(files, dir, Date.now(), key);
  if (key && !changes && !books.features.has("key")) throw keyTaken();
  return { books, held: () => 0, now: Date.now };
}

/** The folder has no ledger. */
export const noStore = (dir: string) =>
  new NoStore(`There is no store in ${dir}.`, "Name the folder of your server: --data DIR");

const noAnswer = (dir: string) =>
  new NoAnswer(
    `The process that uses ${dir} doesn't answer.`,
    "Try again. If it goes on, look at that process: it may be copying the folder, or be stopped.",
  );
