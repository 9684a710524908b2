import type { HoldId } from "../../core/ports.ts";
import type { Database } from "./database.ts";
import { releaseMany } from "./release.ts";
import { sweep } from "./sweep.ts";

/** Holds that are released with one statement. */
const PIECE = 1_000;

/** ms between two rounds. */
const EVERY = 5_000;

/** Holds that nobody settled, and when each ends by itself: ms since the epoch, as in `HoldRequest.expires`. */
export type Abandoned = Map<HoldId, number>;

/**
 * Sweeps now and then, and releases what was abandoned, until it is closed. A failure waits for the next round. An
 * abandoned hold is tried until a release has found it or it has expired: its own transaction may still wait for a
 * synchronous standby, seen by nobody, and become visible after many rounds.
 */
export function openSweeper(
  database: Pick<Database, "run">,
  abandoned: Abandoned,
  now: () => number,
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
      await sweep(database);
    } catch {
      // The next question tells what is the matter with the database.
    }
  }

  function plan(): void {
    if (closed) return;
    // Not all servers at the same moment.
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
