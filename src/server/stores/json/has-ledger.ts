import { join } from "node:path";
import { ADDRESS } from "./address.ts";
import { CHECKPOINT, Damage, LEDGER } from "./damage.ts";
import { errorCode, openIfThere, readPieces, type Files } from "./files.ts";
import { isTornHeader } from "./line.ts";
import { SECRET } from "./secret.ts";

/** What a start makes only after the ledger. Locks and unfinished files are older. */
const YOUNGER = [CHECKPOINT, SECRET, ADDRESS];

/**
 * Whether the folder holds a ledger with at least its header; false where no store was ever begun. Changes nothing.
 * Throws `Damage` where the ledger is missing or empty although a store was here.
 */
export async function hasLedger(files: Files, dir: string): Promise<boolean> {
  // Before the ledger: so a first start that is under way cannot look like a loss.
  const trace = await firstThere(files, dir);
  const file = await openIfThere(files, join(dir, LEDGER));
  if (!file) {
    if (trace !== undefined) throw lost("there is none", trace);
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
  for (const name of YOUNGER) {
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
    "Without one, what it held is lost; to begin a new store, name another folder.";
  return new Damage({ file: LEDGER, what, repair });
}
