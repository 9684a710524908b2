import type { HoldId } from "../../core/ports.ts";
import type { Database } from "./database.ts";
import { releaseMany } from "./release.ts";
import { sweep } from "./sweep.ts";
import type { Tally } from "./tally.ts";

/** Holds per statement. */
const PIECE = 1_000;

/** Milliseconds between two rounds. */
const EVERY = 5_000;

/** Holds to release, with their expiry in milliseconds since the epoch, as in `HoldRequest.expires`. */
export type Abandoned = Map<HoldId, number>;

/**
 * Sweeps and releases abandoned holds at intervals, until it is closed. After a failure it waits for the next round. It
 * tries an abandoned hold until a release has found it or it has expired: the hold's transaction may wait for a
 * synchronous standby, and become visible only after many rounds.
 */
export function openSweeper(
  database: Pick<Database, "run">,
  abandoned: Abandoned,
  now: () => number,
  tally?: Pick<Tally, "look">,
): { close(): Promise<void> } {
  let round: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function releaseAbandoned(): Promise<void> {
    for (const [id, expires] of abandoned) if (expires <= now()) abandoned.delete(id);
    const ids = [...abandoned.keys()];
    for (let at = 0; at < ids.length; at += PIECE)
      for (const id of await releaseMany(database, ids.slice(at, at + PIECE))) abandoned.delete(id);
  }

  async function once(): Promise<void> {
    try {
      await releaseAbandoned();
      await tally?.look();
      await sweep(database);
    } catch {
      // The next question reports the database's fault.
    }
  }

  function plan(): void {
    if (closed) return;
    // The random part keeps servers from sweeping at the same moment.
    timer = setTimeout(
      () => {
        round = once().finally(plan);
      },
      EVERY * (0.5 + Math.random()),
    );
    timer.unref();
  }

  plan();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await round;
    },
  };
}
