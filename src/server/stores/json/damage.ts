import { StartupError } from "../../core/startup-error.ts";

/** Something on disk that is not as this program left it. */
export interface Finding {
  /** Name in the data folder. */
  file: string;
  /** Counted from 1; absent where the file as a whole is meant. */
  line?: number;
  /** Where that line begins, counted from 0. */
  byte?: number;
  /** A sentence. */
  what: string;
  /** What to do about it, in sentences. */
  repair: string;
}

/** The data folder is damaged: the server does not start, and has changed nothing. */
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

/** Damage inside the ledger at a line. */
export function ledgerDamage(at: { line: number; byte: number }, what: string): Damage {
  return new Damage({ file: LEDGER, ...at, what, repair: ledgerRepair(at) });
}

function ledgerRepair({ line, byte }: { line: number; byte: number }): string {
  const restore = `Nothing was changed. Restore ${LEDGER} from a backup.`;
  if (line === 1) return restore;
  return (
    `${restore} To give up line ${line} and all that follows instead, in the data folder: ` +
    `cp ${LEDGER} ${LEDGER}.damaged && head -c ${byte} ${LEDGER}.damaged > ${LEDGER} ` +
    `(and mv ${CHECKPOINT} ${CHECKPOINT}.old, where there is one)`
  );
}

/** Damage of the checkpoint alone: the ledger holds everything that it held. */
export function checkpointDamage(what: string, cause?: unknown): Damage {
  const repair =
    `Nothing was changed. Move it away, in the data folder: mv ${CHECKPOINT} ${CHECKPOINT}.broken ` +
    `(it is rebuilt from ${LEDGER} at the next start).`;
  return new Damage({ file: CHECKPOINT, what, repair }, cause);
}
