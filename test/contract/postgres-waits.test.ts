import { Client } from "pg";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Store } from "../../src/server/core/store.ts";
import { openDatabase, type Database } from "../../src/server/stores/postgres/database.ts";
import { give } from "../../src/server/stores/postgres/grants.ts";
import { RELEASE } from "../../src/server/stores/postgres/release.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { balanced, createAccount, question, unhurried } from "../support/postgres-store.ts";
import { noPostgres, skipped, type Place } from "../support/postgres.ts";

describe.skipIf(noPostgres)(
  `a statement that waits for its account in Postgres${skipped(noPostgres)}`,
  () => {
    const places = openPlaces();
    const { closers } = places;
    let place: Place;
    let store: Store;
    let database: Database;
    beforeEach(async () => {
      ({ place } = places);
      const warn = () => {};
      store = await openPostgresStore({ url: place.url, warn, ...unhurried });
      closers.push(() => store.close());
      database = openDatabase({ connectionString: place.url, connections: 2, ...unhurried, warn });
      closers.push(() => database.close());
    });

    /** Does `act` while `sql` has changed the account, and is not yet committed. */
    async function whileChanging<T>(sql: string, values: unknown[], act: () => Promise<T>): Promise<T> {
      const operator = new Client({ connectionString: place.url });
      await operator.connect();
      closers.push(() => operator.end());
      await operator.query("BEGIN");
      await operator.query(sql, values);
      const done = act();
      await vi.waitUntil(
        async () =>
          (
            await place.query(
              "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'",
              [place.name],
            )
          ).length === 1,
        { timeout: 60_000, interval: 5 },
      );
      await operator.query("COMMIT");
      return done;
    }

    it("takes what a question has given back meanwhile", async () => {
      const jane = await createAccount(store, 100);
      const asked = question(jane);
      await store.ledger.hold(asked);
      const take = () =>
        give(database, "take", { id: "june", account: jane.id, tokens: 50, reason: null, by: null });
      // What is left, and what was held before: that would break a rule of the account's row.
      expect(await whileChanging(RELEASE, [asked.id], take)).toEqual({ kind: "made", tokens: -50 });
      expect(await store.ledger.balance(jane.id)).toEqual({ tokens: 50, held: 0 });
      expect(await balanced(place)).toBe(true);
    });

    it("reports a rule that is broken each time as a fault of the program", async () => {
      const jane = await createAccount(store, 100);
      const wrong = database.run("UPDATE chat_accounts SET held = 101 WHERE id = $1", [jane.id], 50);
      await expect(wrong).rejects.toMatchObject({ code: "23514" });
      expect(await store.ledger.balance(jane.id)).toEqual({ tokens: 100, held: 0 });
    });
  },
);
