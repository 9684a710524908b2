import type { Database } from "./database.ts";

/** ms for which a question is repeated whose answer was lost. */
const PATIENCE = 1_000;

/** Whether the database takes what a server writes. */
export interface Readiness {
  /** Asks it, once for all who ask at the same time. Never rejects. */
  ask(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Takes over a database of one connection, which no question can take: a server with more questions than connections
 * is busy, and no balancer should take it out for that, with all the others, which are as busy. It says nothing of an
 * outage; the deeds' connections do, those of the sweep among them.
 */
export function openReadiness(database: Pick<Database, "run" | "close">): Readiness {
  let asking: Promise<boolean> | undefined;

  async function writable(): Promise<boolean> {
    try {
      const { rows } = await database.run<{ transaction_read_only: string }>(
        "SHOW transaction_read_only",
        [],
        PATIENCE,
      );
      return rows[0]?.transaction_read_only === "off";
    } catch {
      return false;
    } finally {
      asking = undefined;
    }
  }

  return {
    ask: () => (asking ??= writable()),
    async close() {
      await asking;
      await database.close();
    },
  };
}
