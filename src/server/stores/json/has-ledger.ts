import { join } from "node:path";
import { ADDRESS } from "./address.ts";
import { CHECKPOINT, Damage, LEDGER } from "./damage.ts";
import { errorCode } from "../../../disk/errors.ts";
import { openIfThere, readPieces, type Files } from "./files.ts";
import { isTornHeader } from "./line.ts";
import { SECRET } from "./secret.ts";

/** Files that a start makes after the ledger. It makes locks and unfinished files before. */
const LATER_FILES = [CHECKPOINT, SECRET, ADDRESS];

/**
 * Whether the folder has a ledger with at least its header; false if no store was ever made in it. Changes nothing.
 * Throws `Damage` if the ledger is missing or empty although the folder had a store.
 */
export async function hasLedger(files: Files, dir: string): Promise<boolean> {
  // Before the ledger: otherwise a first start at this moment would look like a lost ledger.
  const trace = await firstThere(files, dir);
  const file = await openIfThere(files, join(dir, LEDGER));
  if (!file) {
    if (trace !== undefined) throw lost("it is missing", trace);
    return false;
  }
  try {
    const { value: start = Buffer.alloc(0) } = await readPieces(file, 0).next();
    if (!isTornHeader(start)) return true;
    if (trace !== undefined) throw lost(`it has ${start.length} bytes`, trace);
    return false;
  } finally {
    await file.close();
  }
}

async function firstThere(files: Files, dir: string): Promise<string | undefined> {
  for (const name of LATER_FILES) {
    try {
      await files.stat(join(dir, name));
      return name;
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }
  return undefined;
}

function lost(state: string, trace: string): Damage {
  const what = `${state}, but ${trace} beside it shows that there was a ledger.`;
  const repair =
    `Nothing was changed. Restore ${LEDGER} from a backup, together with the ${CHECKPOINT} of the same time. ` +
    "Without a backup, its content is lost. To start a new store, name another folder.";
  return new Damage({ file: LEDGER, what, repair });
}
