import RateLimiterPostgres from "rate-limiter-flexible/lib/RateLimiterPostgres.js";
import type { Counter } from "../../core/ports.ts";
import type { Database } from "./database.ts";

/** Counts that servers share, by the clocks of the servers. */
export function createCounter({ run }: Pick<Database, "run">): Counter {
  const limiter = new RateLimiterPostgres({
    storeClient: {
      async query({ text, values }: { text: string; values: unknown[] }) {
        const { rows } = await run(text, values);
        return { rows, rowCount: rows.length };
      },
    },
    storeType: "client",
    // The migrations make it, and the sweeper removes what has expired.
    tableName: "chat_limits",
    tableCreated: true,
    clearExpiredByTimeout: false,
    keyPrefix: "",
    points: 1,
    duration: 1,
  });
  return {
    penalty: (key, points, options) => limiter.penalty(key, points, options),
    reward: (key) => limiter.reward(key),
    delete: (key) => limiter.delete(key),
  };
}

/** An hour more, because the clocks of servers differ. */
const LATER_MS = 60 * 60 * 1000;

/** Deletes counts that have expired, up to 1,000 at a time. Skips locked rows. */
export const PRUNE_LIMITS = `
DELETE FROM chat_limits WHERE key IN (
  SELECT key FROM chat_limits WHERE expire <= (extract(epoch FROM now()) * 1000)::bigint - ${LATER_MS}
  LIMIT 1000 FOR UPDATE SKIP LOCKED
) RETURNING key`;
