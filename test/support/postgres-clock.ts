import type { Place } from "./postgres.ts";

/**
 * Gives a place a clock that the test sets. The store's SQL calls `now()`; with `pg_catalog` at the end of the search
 * path this is our function and not the server's. So the store runs unchanged, by the database's clock, and the test
 * sets the time.
 */
export async function ownClock(
  place: Place,
  start: number,
): Promise<{ now: () => number; advance: (ms: number) => Promise<void> }> {
  let time = start;
  await place.query(
    `CREATE TABLE test_clock AS SELECT ${start}::float8 AS ms;
     CREATE FUNCTION now() RETURNS timestamptz LANGUAGE sql STABLE
     AS 'SELECT to_timestamp(ms / 1000) FROM ${place.name}.test_clock'`,
  );
  return {
    now: () => time,
    async advance(ms) {
      time += ms;
      await place.query("UPDATE test_clock SET ms = $1", [time]);
    },
  };
}
