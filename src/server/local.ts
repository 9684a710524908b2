import type { Logger } from "pino";
import type { ServerConfig } from "./config.ts";
import type { AccountRow, FactReader, Operations } from "./core/operations.ts";
import type { NamedAiState } from "./core/ai-states.ts";
import type { Operator } from "./core/operate.ts";
import type { Store } from "./core/store.ts";
import type { createLog as CreateLog } from "./log.ts";
import type { openLogFile as OpenLogFile } from "./log-file.ts";
import type { LogSink, sinkOf as SinkOf } from "./log-sink.ts";
import type { RunningServer, serve as Serve } from "./serve.ts";
import type { copyStore as CopyStore } from "./stores/copy.ts";
import type { backUpFolder as BackUpFolder } from "./stores/json/backup.ts";
import type { checkFolder as CheckFolder } from "./stores/json/check.ts";
import type { compactFolder as CompactFolder } from "./stores/json/compact.ts";
import type { restoreFolder as RestoreFolder } from "./stores/json/restore.ts";
import type { checkDatabase as CheckDatabase } from "./stores/postgres/check.ts";
import type { rotateSecret as RotateSecret } from "./stores/rotate-secret.ts";

// The only door through which src/cli enters the server. What takes long to load is loaded when it is called.

export { ApiError } from "./core/api-error.ts";
export { isLoopbackHost } from "./core/loopback.ts";
export { NoProvider, NoStore, OtherOwner, OtherVersion, StartupError } from "./core/startup-error.ts";
export type { ModelConfig, ServerConfig } from "./config.ts";
export type { ActReply, ActRequest } from "./core/act.ts";
export { foldName } from "./core/fold-name.ts";
export type { InvitesReply, InvitesRequest } from "./core/invites.ts";
export { ACT_PAGE } from "./core/operations.ts";
export type { NamedAiState } from "./core/ai-states.ts";
export type { AccountRow, FactKind, FactReader, FactRow, UseRow } from "./core/operations.ts";
export type { Invite, NewInvite } from "./core/ports.ts";
export type { OperatorReply, OperatorRequest } from "./core/operate.ts";
export type { LogFile } from "./log-file.ts";
export type { LogSink } from "./log-sink.ts";
export type { RunningServer } from "./serve.ts";
export type { Checked, Finding } from "./stores/checked.ts";

/** Starts a server. */
export const serve: typeof Serve = async (config) => (await import("./serve.ts")).serve(config);

/**
 * StartupError for models that can be connected to no AI, or whose limits contradict each other, and for a certificate, a
 * key of the ledger or a log file that cannot be used. Connects to nothing.
 */
export async function checkConfig(config: ServerConfig): Promise<void> {
  const { models, provider, tls, store, logFile } = config;
  const { checkProvider, mayBeOllama } = await import("./providers/choose.ts");
  const { checkLimits, modelLimits } = await import("./model-limits.ts");
  for (const model of models) {
    const settings = { provider, apiKey: model.apiKey, baseUrl: model.baseUrl };
    checkProvider(settings);
    checkLimits(model, mayBeOllama(settings) ? undefined : modelLimits(model, undefined).contextChars);
  }
  if (tls) await (await import("./tls/pair.ts")).readPair(tls);
  if (store.kind === "json" && store.ledgerKey !== undefined)
    await (await import("./stores/json/key.ts")).openLedgerKey(store.ledgerKey, store.dir);
  if (logFile !== undefined)
    await (
      await import("./log-file.ts")
    ).checkLogFile(logFile, store.kind === "json" ? store.dir : undefined);
}

/** Starts a server; undefined where another process took its folder first. Throws `StartupError`. */
export async function serveUnlessHeld(config: ServerConfig): Promise<RunningServer | undefined> {
  const { FolderInUse } = await import("./stores/json/lock.ts");
  return serve(config).catch((error: unknown) => {
    if (error instanceof FolderInUse) return undefined;
    throw error;
  });
}

/** Whether a live process holds a data folder, and the address of its server as far as it is known. */
export async function held(dir: string): Promise<{ url: string | undefined } | undefined> {
  const { lockHolder } = await import("./stores/json/lock.ts");
  if (!(await lockHolder(dir))) return undefined;
  const { readAddress } = await import("./stores/json/address.ts");
  return { url: await readAddress(dir) };
}

/** Whether a store in this folder writes to its ledger synchronously (docs/ledger.md#writing). */
export async function writesSynchronously(dir: string): Promise<boolean> {
  const { diskOn, fileSystemOf } = await import("./stores/json/disk.ts");
  return diskOn(await fileSystemOf(dir)).synchronous;
}

/** Throws `OtherOwner` where a data folder belongs to another user. */
export async function checkOwner(dir: string): Promise<void> {
  const { checkOwner } = await import("./stores/json/other-owner.ts");
  const { disk } = await import("./stores/json/disk.ts");
  await checkOwner(disk, dir);
}

/** Codes of invitations, and what a store keeps of them. */
export const inviteCodes = () => import("./core/invite-code.ts");

export interface Opening {
  warn: (sentence: string) => void;
  signal: AbortSignal;
}

async function openPostgres(url: string, opening: Opening): Promise<Store> {
  const { openPostgresStore } = await import("./stores/postgres/store.ts");
  return openPostgresStore({ url, ...opening, waitSeconds: 5 });
}

async function inPostgres<T>(url: string, opening: Opening, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openPostgres(url, opening);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** A store as an operator's command names it. */
export type StorePlace =
  | { kind: "json"; dir: string; /** The file of the ledger's key. */ ledgerKey?: string | undefined }
  | { kind: "postgres"; url: string };

/** Who does what an operator asks in a store. Close it. Throws `StartupError`. */
export async function openOperator(place: StorePlace, opening: Opening): Promise<Operator> {
  if (place.kind === "postgres") {
    const { operate } = await import("./core/operate.ts");
    let store: Promise<Store> | undefined;
    return {
      ask: async (request) => operate(await (store ??= openPostgres(place.url, opening)), request),
      close: async () => (await store)?.close(),
    };
  }
  const { openFolderOperator } = await import("./stores/json/operate-in-folder.ts");
  return openFolderOperator(place.dir, opening.warn, place.ledgerKey);
}

/** The hash of a password, made in a thread of its own. `cost`: bcrypt's. */
export async function hashPassword(password: string, cost: number): Promise<string> {
  const { openPasswords } = await import("./auth/passwords.ts");
  const passwords = openPasswords({ cost, threads: 1 });
  try {
    return await passwords.hash(password);
  } finally {
    await passwords.close();
  }
}

/** Reads accounts of a database. Changes nothing, unless a change is to follow: then an older schema is migrated. */
async function readInPostgres<T>(
  url: string,
  { changes, ...opening }: Opening & { changes?: true },
  read: (operations: Pick<Operations, "accounts" | "account">) => Promise<T>,
): Promise<T> {
  if (changes) return inPostgres(url, opening, ({ operations }) => read(operations));
  return (await import("./stores/postgres/read-accounts.ts")).readAccounts(url, opening, read);
}

/**
 * All accounts but deleted ones, in no order. Of a data folder: from the server that runs on it, otherwise from its files.
 * Changes nothing; a database only with `changes`, which a caller sets that changes something next. Throws `StartupError`,
 * or `ApiError("store_unavailable")`.
 */
export async function listAccounts(
  place: StorePlace,
  opening: Opening & { changes?: true },
): Promise<AccountRow[]> {
  if (place.kind === "postgres")
    return readInPostgres(place.url, opening, async (operations) => {
      const all: AccountRow[] = [];
      for await (const page of operations.accounts()) all.push(...page);
      return all;
    });
  const { listInFolder, openFolder } = await import("./stores/json/read-in-folder.ts");
  return listInFolder(await openFolder(place.dir, { ...place, changes: opening.changes }));
}

/** The account of that name, in any ASCII case; a deleted one by its pseudonym. Otherwise as {@link listAccounts}. */
export async function findAccount(
  place: StorePlace,
  name: string,
  opening: Opening & { changes?: true },
): Promise<AccountRow | undefined> {
  if (place.kind === "postgres")
    return readInPostgres(place.url, opening, (operations) => operations.account(name));
  const { findInFolder, openFolder } = await import("./stores/json/read-in-folder.ts");
  return findInFolder(await openFolder(place.dir, { ...place, changes: opening.changes }), name);
}

/**
 * What the server that runs on a data folder knows of its models. `no_server`: none runs. `none`: the process that holds the
 * folder asks no AI. Throws `StartupError`.
 */
export async function aiStates(
  place: Extract<StorePlace, { kind: "json" }>,
): Promise<NamedAiState[] | "no_server" | "none"> {
  const { aiInFolder, openFolder } = await import("./stores/json/read-in-folder.ts");
  return aiInFolder(await openFolder(place.dir, place));
}

/** What to say of each kind of failure of an AI. */
export const failureWords = async () => (await import("./core/ai-words.ts")).failureWords;

/** Reads facts; close it. Changes nothing. It and what it reads with throw `StartupError`, also for damage. */
export async function openReader(place: StorePlace, opening: Opening): Promise<FactReader> {
  if (place.kind === "postgres")
    return (await import("./stores/postgres/read-facts.ts")).openPostgresReader(place.url, opening);
  const { openFolder } = await import("./stores/json/read-in-folder.ts");
  return (await import("./stores/json/read-facts.ts")).createJsonReader(await openFolder(place.dir, place));
}

/** Reads a data folder and reports its damage. */
export const checkFolder: typeof CheckFolder = async (...args) =>
  (await import("./stores/json/check.ts")).checkFolder(...args);

/** Reads a database and reports its damage. */
export const checkDatabase: typeof CheckDatabase = async (...args) =>
  (await import("./stores/postgres/check.ts")).checkDatabase(...args);

/** Backs a data folder up, also one on which a server runs. */
export const backUpFolder: typeof BackUpFolder = async (options) =>
  (await import("./stores/json/backup.ts")).backUpFolder(options);

/** Makes a data folder of a backup. */
export const restoreFolder: typeof RestoreFolder = async (options) =>
  (await import("./stores/json/restore.ts")).restoreFolder(options);

/** Copies a store into an empty one. */
export const copyStore: typeof CopyStore = async (options) =>
  (await import("./stores/copy.ts")).copyStore(options);

/** Begins a new ledger in a data folder with its present state. */
export const compactStore: typeof CompactFolder = async (...args) =>
  (await import("./stores/json/compact.ts")).compactFolder(...args);

/** Makes a new secret that signs tokens. */
export const rotateSecret: typeof RotateSecret = async (options) =>
  (await import("./stores/rotate-secret.ts")).rotateSecret(options);

/** A log on a stream or in a file. */
export const serverLog = async (...given: Parameters<typeof CreateLog>): Promise<Logger> =>
  (await import("./log.ts")).createLog(...given);

/** Where the lines of the logs on this stream go. */
export const logSink = async (...given: Parameters<typeof SinkOf>): Promise<LogSink> =>
  (await import("./log-sink.ts")).sinkOf(...given);

/** Opens a file for a log. Throws `StartupError`. */
export const openLogFile: typeof OpenLogFile = async (...given) =>
  (await import("./log-file.ts")).openLogFile(...given);
