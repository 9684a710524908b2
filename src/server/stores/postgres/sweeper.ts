import type { HoldId } from "../../core/ports.ts";
import type { Database } from "./database.ts";
import { release } from "./release.ts";
import { sweep } from "./sweep.ts";

/** ms between two rounds. */
const EVERY = 5_000;

/** Sweeps now and then, and releases what was abandoned, until it is closed. A failure waits for the next round. */
export function openSweeper(
  database: Pick<Database, "run">,
  abandoned: Set<HoldId>,
): { close(): Promise<void> } {
  let round: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function releaseAbandoned(): Promise<void> {
    for (const id of abandoned) {
      await release(database, id);
      abandoned.delete(id);
    }
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
