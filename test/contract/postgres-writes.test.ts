import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Store } from "../../src/server/core/store.ts";
import { openDatabase } from "../../src/server/stores/postgres/database.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { sweep } from "../../src/server/stores/postgres/sweep.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { balanced, createAccount, question, unhurried } from "../support/postgres-store.ts";
import { noPostgres, skipped, type Place } from "../support/postgres.ts";

describe.skipIf(noPostgres)(`a database on a full disk${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  let place: Place;
  let store: Store;
  beforeEach(async () => {
    ({ place } = places);
    store = await openPostgresStore({ url: place.url, warn: () => {}, ...unhurried });
    places.closers.push(() => store.close());
  });

  /** From now on nothing can be added to these tables, as where they need another page and the disk has none. */
  async function fill(...tables: string[]): Promise<void> {
    await place.query(
      `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql
       AS $$ BEGIN RAISE 'No space left on device' USING ERRCODE = '53100'; END $$`,
    );
    for (const table of tables)
      await place.query(
        `CREATE TRIGGER full_disk BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION full_disk()`,
      );
  }
  const makeRoom = () => place.query("DROP FUNCTION full_disk CASCADE");

  it("is not ready after a question could not be written, until there is space", async () => {
    const jane = await createAccount(store);
    await fill("chat_questions", "chat_ledger", "chat_revoked");
    await expect(store.ledger.hold(question(jane))).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await store.ready()).toBe(false);
    expect(await store.ledger.balance(jane.id)).toEqual({ tokens: 4000, held: 0 });
    expect(await store.ready()).toBe(false);
    await makeRoom();
    await vi.waitUntil(() => store.ready(), { timeout: 60_000 });
    expect((await store.ledger.hold(question(jane))).kind).toBe("held");
  });

  it("is not ready while charges fail, although holds and releases succeed", async () => {
    const jane = await createAccount(store);
    await fill("chat_ledger", "chat_revoked");
    for (let round = 0; round < 2; round += 1) {
      const request = question(jane);
      expect((await store.ledger.hold(request)).kind).toBe("held");
      await expect(store.ledger.charge(request.id)).rejects.toMatchObject({ code: "store_unavailable" });
      await store.ledger.release(request.id);
      expect((await store.ledger.hold(question(jane))).kind).toBe("held");
      expect(await store.ready()).toBe(false);
    }
    await makeRoom();
    const request = question(jane);
    await store.ledger.hold(request);
    expect((await store.ledger.charge(request.id)).kind).toBe("charged");
    expect(await store.ready()).toBe(true);
    expect(await balanced(place)).toBe(true);
  });

  it("has written when the sweep that failed has deleted what it could not", async () => {
    const database = openDatabase({
      connectionString: place.url,
      connections: 1,
      ...unhurried,
      warn: () => {},
    });
    places.closers.push(() => database.close());
    // The store's own sweep would delete it as well.
    await store.close();
    await place.query("INSERT INTO chat_revoked VALUES ('jane', 'jti', now() - interval '1 day')");
    await place.query(
      `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql
       AS $$ BEGIN RAISE 'No space left on device' USING ERRCODE = '53100'; END $$`,
    );
    await place.query(
      "CREATE TRIGGER full_disk BEFORE DELETE ON chat_revoked FOR EACH ROW EXECUTE FUNCTION full_disk()",
    );
    await expect(sweep(database)).rejects.toMatchObject({ code: "store_unavailable" });
    expect(database.health.unwritten).toBeDefined();
    await makeRoom();
    await sweep(database);
    expect(database.health.unwritten).toBeUndefined();
  });

  it("is checked by a write larger than a page, which the sweep removes", async () => {
    const jane = await createAccount(store);
    await fill("chat_questions");
    await expect(store.ledger.hold(question(jane))).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await store.ready()).toBe(true);
    const size = async () =>
      (await place.query<{ size: number }>("SELECT pg_relation_size('chat_revoked')::int AS size"))[0]?.size;
    expect(await size()).toBeGreaterThan(8192);
    await vi.waitUntil(async () => (await place.query("SELECT FROM chat_revoked")).length === 0, {
      timeout: 120_000,
    });
  });
});
