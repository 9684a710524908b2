import { join, resolve } from "node:path";
import type { AccountId } from "../../core/ports.ts";
import type { Store } from "../../core/store.ts";
import { StartupError } from "../../core/startup-error.ts";
import type { NamedAiState } from "../../core/ai-states.ts";
import type { StoreMeter } from "../../core/store-meter.ts";
import { cannotStore } from "../../core/store-unavailable.ts";
import { createApiKeys } from "./api-keys.ts";
import { createAccounts } from "./accounts.ts";
import { takeHead } from "./books.ts";
import { removeAddress } from "./address.ts";
import { adopt, ADOPTED, withoutCheckpoint } from "./adopt.ts";
import { clockNotes } from "./clock-notes.ts";
import { openCheckpoints, type CheckpointNeeds } from "./checkpoints.ts";
import { createCommitter } from "./committer.ts";
import { LEDGER } from "./damage.ts";
import { errorCode } from "../../../disk/errors.ts";
import { diskOn, fileSystemOf } from "./disk.ts";
import type { Files } from "./files.ts";
import { prepareFolder, tidyFolder } from "./folder.ts";
import { hasLedger } from "./has-ledger.ts";
import { createHolds } from "./holds.ts";
import { inWorker } from "./in-worker.ts";
import { createInvites } from "./invites.ts";
import { createOperations } from "./operations.ts";
import { openJournal } from "./journal.ts";
import { openLedgerKey } from "./key.ts";
import { createKnown } from "./known.ts";
import { createLedger } from "./ledger.ts";
import { load } from "./load.ts";
import { acquireLock, type Lock } from "./lock.ts";
import { mend } from "./mend.ts";
import { answerOperator } from "./operator.ts";
import { checkOwner } from "./other-owner.ts";
import { ADDED_LATER, createNameFeature, type AddedLater } from "./name-feature.ts";
import { createRefills } from "./refills.ts";
import { openSecret, readSecret } from "./secret.ts";
import { createTurns } from "./turns.ts";
import { writeAnew } from "./write-anew.ts";

/** For the operator: charges cost more here. */
const ASYNCHRONOUS = "written asynchronously: not on a local disk of Linux";

const writtenAnew = (why: string) =>
  `${LEDGER} was written anew as version 2, because ${why}. An older ai-chat refuses to start on it.`;

interface Options {
  /** Made if there is none. */
  dir: string;
  /** Whether charges name their model. A ledger of version 1 is then written anew as version 2, which always does. */
  models?: boolean;
  /** Milliseconds since the epoch; the system's clock by default. */
  now?: () => number;
  /** Gets sentences for the operator. */
  warn: (sentence: string) => void;
  /** The file of the ledger's key. A ledger without one gets it. */
  ledgerKey?: string | undefined;
  /** What is known of the models; absent from a process that asks no AI. */
  aiStates?: () => NamedAiState[];
  meter?: StoreMeter | undefined;
  /** By default those for the folder's file system. */
  files?: Files;
  /** Makes a checkpoint while the server runs; by default in a worker thread. */
  make?: typeof inWorker;
}

/**
 * Opens the store in a local folder, for this process only (docs/ledger.md#locking). While it is open, it answers
 * `operateInFolder`. Throws `StartupError` if the folder is in use, cannot be used, or holds damaged data, which is never
 * changed.
 */
export async function openJsonStore({
  dir: named,
  models = false,
  now = Date.now,
  warn,
  ledgerKey,
  aiStates,
  meter,
  files: given,
  make = inWorker,
}: Options): Promise<Store> {
  const dir = resolve(named);
  const files = given ?? diskOn(await fileSystemOf(dir));
  await checkOwner(files, dir);
  const key = ledgerKey === undefined ? undefined : await openLedgerKey(ledgerKey, dir);
  await prepareFolder(dir, warn);
  const lock = await acquireLock(dir);
  try {
    // Before anything is removed: an address without a ledger shows that the ledger was lost.
    await hasLedger(files, dir);
    await removeAddress(dir);
    let loaded = await load(files, dir, now(), key);
    for (const note of clockNotes(loaded.books, now())) warn(note);
    await tidyFolder(files, dir);
    await mend(files, dir, loaded, now(), warn);
    const { version, features, n } = loaded.books;
    if (features.has("key") && !loaded.compared) warn(withoutCheckpoint(loaded.books));
    if ((models || version > 1 || key) && !features.has("models")) {
      loaded = await writeAnew(files, dir, loaded, now());
      if (version === 1 && n > 0)
        warn(writtenAnew(models ? "charges now name their model" : "it gets a key"));
    }
    const journal = await openJournal({
      files,
      path: join(dir, LEDGER),
      length: loaded.end.byte,
      hash: loaded.hash,
      warn,
      meter,
    });
    if (key && !features.has("key")) {
      await adopt(journal, loaded.books, key, now());
      if (n > 0) warn(ADOPTED);
    }
    return await createStore({ dir, files, now, warn, make, loaded, journal, lock, key, meter, aiStates });
  } catch (error) {
    await lock.release();
    throw error instanceof StartupError ? error : cannotUse(dir, error);
  }
}

interface Parts extends CheckpointNeeds, Pick<Options, "aiStates"> {
  lock: Lock;
  meter: StoreMeter | undefined;
}

async function createStore(parts: Parts): Promise<Store> {
  const { dir, files, now, warn, journal, lock, key, meter, aiStates: ai } = parts;
  const { books } = parts.loaded;
  const holds = createHolds();
  const isDeleted = (account: AccountId) => books.accounts.get(account)?.deleted === true;
  const known = createKnown({ files, dir, now, warn, isDeleted });
  const { checkpoint, periodic } = await openCheckpoints(parts);
  let secret: Promise<Buffer> | undefined;
  let closing: Promise<void> | undefined;

  /** Makes the ledger one that can name features. */
  async function toVersion2(feature: AddedLater): Promise<void> {
    const { length: byte, hash } = journal.synced();
    const anew = await writeAnew(files, dir, { books, hash, end: { byte } }, now()).catch(
      (error: unknown) => {
        throw error instanceof StartupError ? error : cannotStore(error);
      },
    );
    await journal.replaced({ length: anew.end.byte, hash: anew.hash });
    takeHead(books, anew.books);
    warn(writtenAnew(ADDED_LATER[feature]));
    await checkpoint();
  }

  async function close(): Promise<void> {
    await committer.close();
    await periodic.close();
    await known.close();
    // Not if the ledger failed, or another program wrote to the folder, or removed and made it again.
    const sound = await journal.check().then(
      () => true,
      () => false,
    );
    if ((await journal.close()) && sound) await checkpoint();
    if (sound) await removeAddress(dir).catch(() => {});
    await lock.release();
  }

  const { written } = periodic;
  const committer = createCommitter({ books, holds, journal, now, key, written, meter });

  const nameFeature = createNameFeature({
    books,
    committer,
    // A checkpoint of the old ledger must not come after that of the new one.
    toVersion2: (feature) => periodic.without(() => toVersion2(feature)),
  });
  const [names, turns] = [createTurns(), createTurns()];
  const refills = createRefills({ books, committer, now, nameFeature, warn });
  const ledger = createLedger({ books, holds, committer, now, nameFeature, turns, refills });
  const accounts = createAccounts({ books, committer, known, now, names, turns });
  const apiKeys = createApiKeys({ books, committer, now, nameFeature, turns });
  const invites = createInvites({ books, committer, now, nameFeature });
  const operations = createOperations({
    books,
    holds,
    committer,
    known,
    hurry: periodic.hurry,
    now,
    nameFeature,
    names,
    turns,
  });
  lock.serve(async (request) => {
    const durable = () => ({ bytes: journal.synced().length });
    const answer = await answerOperator({ ledger, invites, operations, durable, ai }, request, key);
    // The store is closing: without a response, the caller tries again and finds the folder free.
    return "error" in answer && closing ? undefined : answer;
  });

  const ready = async () => committer.takes();
  meter?.watch({
    ready,
    held: () => holds.heldByAll(now()),
    ledgerBytes: () => journal.synced().length,
  });

  return {
    description: `JSON files in ${dir}${key ? ", with a key" : ""}${files.synchronous ? "" : `, ${ASYNCHRONOUS}`}`,
    ledger,
    accounts,
    invites,
    operations,
    apiKeys,
    setRefill: (setting) => refills.set(setting),
    get refill() {
      return books.refills.at(-1);
    },
    async signingSecret() {
      secret ??= openSecret(files, dir);
      return secret;
    },
    storedSecret: () => readSecret(files, dir),
    ready,
    get trouble() {
      return journal.trouble;
    },
    close: () => (closing ??= close()),
  };
}

function cannotUse(dir: string, error: unknown): StartupError {
  return new StartupError(
    `The data in ${dir} cannot be read or written (${errorCode(error) ?? "unknown error"}).`,
    "Check its owner and mode, and the free space of its disk.",
    error,
  );
}
