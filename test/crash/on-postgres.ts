import { ownClock } from "../support/postgres-clock.ts";
import { balanced } from "../support/postgres-store.ts";
import { openCluster } from "../support/postgres.ts";
import type { Ground } from "./on-folder.js";

/** Seconds that a question may take. A hold lives 10 s longer. */
const QUESTION_TIMEOUT = 10;

/**
 * A PostgreSQL that is crashed as well. When the server was killed, the database's clock goes on to the time at which its
 * holds have expired; otherwise its people would wait for that.
 */
export async function openDatabase(): Promise<Ground> {
  const cluster = await openCluster({ durable: true });
  const place = await cluster.place();
  const clock = await ownClock(place, Date.now());
  return {
    argv: ["--question-timeout", String(QUESTION_TIMEOUT)],
    env: { AI_CHAT_STORE: place.url },
    afterKill: () => clock.advance((QUESTION_TIMEOUT + 11) * 1000),
    async crash() {
      await cluster.crash();
      await cluster.start();
    },
    async charges() {
      const rows = await place.query<{ key: string }>(
        "SELECT q.key FROM chat_ledger l JOIN chat_questions q ON q.id = l.id WHERE l.kind = 'charge'",
      );
      return rows.map(({ key }) => key);
    },
    adds: () => balanced(place),
    close: () => cluster.close(),
  };
}
