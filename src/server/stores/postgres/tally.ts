import { ApiError } from "../../core/api-error.ts";
import type { StoreMeter } from "../../core/store-meter.ts";
import type { Database } from "./database.ts";

/** A row of the ledger that moves tokens, by its key. */
export type MovingRow =
  | { kind: "account" | "grant" | "take"; id: string }
  | { kind: "charge"; id: string; model: string };

/** Tells a meter what rows of the ledger moved, each once. */
export interface Tally {
  /** This server added the row. `tokens`: what it added to the balance. */
  added(row: MovingRow, tokens: number): void;
  /** Its statement failed, or another one may have added it: looked up later, if it may exist. */
  doubt(row: MovingRow, error?: unknown): void;
  /** Looks for the rows in doubt. Rejects as `Database.run` does; then the next call looks for them. */
  look(): Promise<void>;
}

/** Statements, and who counts what they move. */
export interface Tallied extends Pick<Database, "run"> {
  tally?: Tally | undefined;
}

/**
 * How long a row in doubt is looked for, in milliseconds. A transaction that waits for a synchronous standby becomes
 * visible only when there is one.
 */
const HOUR = 60 * 60 * 1000;

/** Rows per look. */
const PIECE = 1_000;

/** So many counted rows, or up to twice as many, are remembered. */
const REMEMBERED = 5_000;

const LOOK = `
SELECT l.kind, l.id, l.tokens
FROM unnest($1::text[], $2::text[]) AS r (kind, id) JOIN chat_ledger l ON l.id = r.id AND l.kind = r.kind`;

/** See {@link Tally}. */
export function createTally({ run }: Pick<Database, "run">, meter: StoreMeter, now: () => number): Tally {
  const doubts = new Map<string, { row: MovingRow; until: number }>();
  /** Rows that another call can take for its own. Not plain charges: each has one call. */
  let counted = new Set<string>();
  let before = new Set<string>();

  const keyOf = ({ kind, id }: { kind: string; id: string }) => `${kind} ${id}`;
  const isCounted = (key: string) => counted.has(key) || before.has(key);

  function remember(key: string): void {
    counted.add(key);
    if (counted.size < REMEMBERED) return;
    before = counted;
    counted = new Set();
  }

  function count(row: MovingRow, tokens: number): void {
    if (row.kind === "charge") meter.charged(row.model, 0 - tokens);
    else if (row.kind === "take") meter.taken(0 - tokens);
    else meter.granted(tokens);
  }

  return {
    added(row, tokens) {
      const key = keyOf(row);
      if (isCounted(key)) return;
      doubts.delete(key);
      if (row.kind !== "charge") remember(key);
      count(row, tokens);
    },

    doubt(row, error) {
      if (error !== undefined && !mayHaveRun(error)) return;
      const key = keyOf(row);
      if (!isCounted(key)) doubts.set(key, { row, until: now() + HOUR });
    },

    async look() {
      const keys = [...doubts.keys()];
      for (let at = 0; at < keys.length; at += PIECE) {
        const piece = keys.slice(at, at + PIECE).flatMap((key) => doubts.get(key)?.row ?? []);
        const values = [piece.map(({ kind }) => kind), piece.map(({ id }) => id)];
        const { rows } = await run<{ kind: string; id: string; tokens: string }>(LOOK, values);
        for (const found of rows) {
          const key = keyOf(found);
          const row = doubts.get(key)?.row;
          // Its call may have succeeded meanwhile.
          if (!row) continue;
          doubts.delete(key);
          remember(key);
          count(row, Number(found.tokens));
        }
      }
      for (const [key, { until }] of doubts) if (until <= now()) doubts.delete(key);
    },
  };
}

/** `overloaded`: nothing was sent. */
const mayHaveRun = (error: unknown) => error instanceof ApiError && error.code === "store_unavailable";
