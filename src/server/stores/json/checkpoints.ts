import { errorCode } from "../../../disk/errors.ts";
import { linesOf } from "./books.ts";
import { checkpointOf } from "./checkpoint.ts";
import { writeCheckpoint } from "./checkpoint-file.ts";
import { CHECKPOINT } from "./damage.ts";
import type { Files } from "./files.ts";
import type { inWorker } from "./in-worker.ts";
import type { Journal } from "./journal.ts";
import type { LedgerKey } from "./key.ts";
import type { Loaded } from "./load.ts";
import { createPeriodic, type Periodic } from "./periodic.ts";

/** From this number of replayed facts on, a start writes a checkpoint before it serves. */
const LONG_REPLAY = 5000;

/** What an open store has that its checkpoints need, too. */
export interface CheckpointNeeds {
  files: Files;
  dir: string;
  now: () => number;
  warn: (sentence: string) => void;
  make: typeof inWorker;
  loaded: Loaded;
  journal: Journal;
  key: LedgerKey | undefined;
}

/** The checkpoints of an open store. */
export interface Checkpoints {
  /** Makes one of the books in memory, unless the last one covers them. A failure is a warning. */
  checkpoint: () => Promise<void>;
  /** Makes them while the server runs. */
  periodic: Periodic;
}

/** See {@link Checkpoints}. Makes one at once if the start had much to read. */
export async function openCheckpoints({
  files,
  dir,
  now,
  warn,
  make,
  loaded,
  journal,
  key,
}: CheckpointNeeds): Promise<Checkpoints> {
  const { books } = loaded;
  /** Bytes of the ledger. */
  let { covered } = loaded;

  async function checkpoint(): Promise<void> {
    const { length, sha256 } = journal.synced();
    if (length === covered) return;
    try {
      await writeCheckpoint(
        files,
        dir,
        checkpointOf(books, { length, lines: linesOf(books), sha256 }, now()),
        key,
      );
      covered = length;
    } catch (error) {
      warn(notWritten(error));
    }
  }

  async function checkpointBeside(signal: AbortSignal): Promise<boolean> {
    const { length, sha256 } = journal.synced();
    try {
      await make({ dir, length, sha256, head: books.head, key, now: now() }, signal);
      covered = length;
      return true;
    } catch (error) {
      if (!signal.aborted) warn(notWritten(error));
      return false;
    }
  }

  // A new store needs one at once: without it, nobody could see later that the ledger was emptied.
  if (loaded.replayed > LONG_REPLAY || covered === 0) await checkpoint();
  const periodic = createPeriodic({
    behind: covered === journal.synced().length ? 0 : loaded.replayed,
    accounts: () => books.accounts.size,
    make: checkpointBeside,
  });
  return { checkpoint, periodic };
}

/** Without a checkpoint the next start takes longer, and does not notice if the end of the ledger was lost. */
export function notWritten(error: unknown): string {
  const { message } = error as Partial<Error>;
  const why = errorCode(error) ?? message?.replace(/\.$/, "") ?? "unknown error";
  return `${CHECKPOINT} could not be written (${why}).`;
}
