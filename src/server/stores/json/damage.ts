import { StartupError } from "../../core/startup-error.ts";
import type { Finding } from "../checked.ts";

/** The data folder is damaged. The server does not start, and has changed nothing. */
export class Damage extends StartupError {
  readonly finding: Finding;

  constructor(finding: Finding, cause?: unknown) {
    super(describe(finding), finding.repair, cause);
    this.finding = finding;
  }
}

function describe({ file, line, byte, what }: Finding): string {
  return line === undefined ? `${file}: ${what}` : `${file}, line ${line} (byte ${byte}): ${what}`;
}

export const LEDGER = "ledger.jsonl";
export const CHECKPOINT = "accounts.json";

/** Damage of one line of the ledger. */
export function ledgerDamage(at: { line: number; byte: number }, what: string): Damage {
  return new Damage({ file: LEDGER, ...at, what, repair: ledgerRepair(at) });
}

/** A line of the ledger that only a newer version can read. The advice is never to cut it off. */
export function newerLedger(at: { line: number; byte: number }, what: string): Damage {
  return new Damage({ file: LEDGER, ...at, what, repair: NEWER });
}

const NEWER = "Nothing was changed. Use the ai-chat that wrote it, or a later one.";

/** A checkpoint that only a newer version can read, and so its ledger. */
export const newerCheckpoint = (what: string): Damage =>
  new Damage({ file: CHECKPOINT, what, repair: NEWER });

function ledgerRepair({ line, byte }: { line: number; byte: number }): string {
  const restore = `Nothing was changed. Restore ${LEDGER} from a backup.`;
  if (line === 1) return restore;
  return (
    `${restore} Or discard line ${line} and everything after it, in the data folder: ` +
    `cp ${LEDGER} ${LEDGER}.damaged && head -c ${byte} ${LEDGER}.damaged > ${LEDGER} ` +
    `(and mv ${CHECKPOINT} ${CHECKPOINT}.old, if it exists)`
  );
}

/** Damage of the checkpoint only. The ledger has everything that it held. */
export function checkpointDamage(what: string, cause?: unknown): Damage {
  const repair =
    `Nothing was changed. Move it away, in the data folder: mv ${CHECKPOINT} ${CHECKPOINT}.broken ` +
    `(it is rebuilt from ${LEDGER} at the next start).`;
  return new Damage({ file: CHECKPOINT, what, repair }, cause);
}
