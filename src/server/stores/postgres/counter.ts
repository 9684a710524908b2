import type { Counter } from "../../core/ports.ts";
import type { Database } from "./database.ts";

const NOW = "(extract(epoch FROM now()) * 1000)::bigint";

/** $2: points, $3: seconds of a new window. */
const PENALTY = `
INSERT INTO chat_limits AS l (key, points, expire) VALUES ($1, $2::int4, ${NOW} + $3::bigint * 1000)
ON CONFLICT (key) DO UPDATE SET
  points = CASE WHEN l.expire <= ${NOW} THEN 0 ELSE l.points END + excluded.points,
  expire = CASE WHEN l.expire <= ${NOW} THEN excluded.expire ELSE l.expire END
RETURNING points, (expire - ${NOW})::float8 AS "left"`;

/** Takes one back. Without a row it makes none: a count below 0 would allow one more. */
const REWARD = `
UPDATE chat_limits SET points = points - 1 WHERE key = $1
RETURNING points, (expire - ${NOW})::float8 AS "left"`;

interface Window {
  points: number;
  /** Milliseconds until it ends. */
  left: number;
}

/** Counts that servers share. Windows go by the clock of the database: a server whose clock is ahead would begin each anew. */
export function createCounter({ run }: Pick<Database, "run">): Counter {
  const counted = ([{ points, left } = { points: 0, left: 0 }]: Window[]) => ({
    consumedPoints: points,
    msBeforeNext: left,
  });
  return {
    async penalty(key, points, { customDuration }) {
      return counted((await run<Window>(PENALTY, [key, points, customDuration])).rows);
    },
    reward: async (key) => counted((await run<Window>(REWARD, [key])).rows),
    async delete(key) {
      return (await run("DELETE FROM chat_limits WHERE key = $1 RETURNING key", [key])).rows.length > 0;
    },
  };
}

/** Deletes counts whose window has ended, up to 1,000 at a time. Skips locked rows. */
export const PRUNE_LIMITS = `
DELETE FROM chat_limits WHERE key IN (
  SELECT key FROM chat_limits WHERE expire <= ${NOW} LIMIT 1000 FOR UPDATE SKIP LOCKED
) RETURNING key`;
