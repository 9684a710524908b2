import { Client } from "pg";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { KEY_LIFETIME_MS } from "../../src/protocol/limits.ts";
import { StartupError } from "../../src/server/core/startup-error.ts";
import { openDatabase } from "../../src/server/stores/postgres/database.ts";
import { migrate } from "../../src/server/stores/postgres/migrate.ts";
import { migrations, TODAY } from "../../src/server/stores/postgres/migrations.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { balanced, question, unhurried } from "../support/postgres-store.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { createUser } from "../support/postgres-user.ts";
import { noOwnPostgres, noPostgres, type Place, skipped } from "../support/postgres.ts";

/** The statements with which a server of schema version 1 takes tokens. They are never changed. */
const HOLD = `
WITH account AS (
  UPDATE chat_accounts SET held = held + $5::bigint WHERE id = $2 AND tokens - held >= $5::bigint RETURNING id
)
INSERT INTO chat_questions (id, account, key, digest, price, expires)
SELECT $1, account.id, $3, $4, $5::bigint, now() + $6::float8 * interval '1 millisecond' FROM account
RETURNING id`;

const CHARGE = `
WITH account AS (
  SELECT a.id FROM chat_accounts a JOIN chat_questions q ON q.account = a.id WHERE q.id = $1 FOR UPDATE OF a
), question AS (
  UPDATE chat_questions q SET charged_at = now() FROM account
  WHERE q.id = $1 AND q.charged_at IS NULL AND q.expires > now()
  RETURNING q.id, q.account, q.price
), balance AS (
  UPDATE chat_accounts a SET tokens = a.tokens - q.price, held = a.held - q.price
  FROM question q WHERE a.id = q.account
  RETURNING a.tokens, a.held
), entry AS (
  INSERT INTO chat_ledger (id, kind, account, at, tokens, balance)
  SELECT q.id, 'charge', q.account, now(), -q.price, b.tokens FROM question q CROSS JOIN balance b
), day AS (
  INSERT INTO chat_usage AS u (account, day, questions, tokens)
  SELECT q.account, ${TODAY}, 1, q.price FROM question q
  ON CONFLICT (account, day) DO UPDATE SET questions = u.questions + 1, tokens = u.tokens + excluded.tokens
)
SELECT tokens, held FROM balance`;

const ASK_AGAIN = `
UPDATE chat_questions SET again_id = $2, again_expires = now() + $3::float8 * interval '1 millisecond'
WHERE id = $1 AND charged_at > now() - interval '${KEY_LIFETIME_MS} milliseconds' AND asked_again_at IS NULL
  AND (again_id IS NULL OR again_id = $2 OR again_expires <= now())
RETURNING id`;

const CHARGE_AGAIN = `
WITH account AS (
  SELECT a.id, a.tokens, a.held FROM chat_accounts a JOIN chat_questions q ON q.account = a.id
  WHERE q.again_id = $1 FOR UPDATE OF a
), question AS (
  UPDATE chat_questions q SET asked_again_at = now() FROM account
  WHERE q.again_id = $1 AND q.asked_again_at IS NULL AND q.again_expires > now()
  RETURNING q.account
), entry AS (
  INSERT INTO chat_ledger (id, kind, account, at, tokens, balance)
  SELECT $1, 'again', a.id, now(), 0, a.tokens FROM account a JOIN question q ON q.account = a.id
)
SELECT a.tokens, a.held FROM account a JOIN question q ON q.account = a.id`;

/** An account of 4,000 tokens, as version 1 makes it. */
const JANE = `
WITH account AS (
  INSERT INTO chat_accounts (id, name, folded, password_hash, generation, disabled, tokens, held, created_at)
  VALUES ('jane', 'jane', 'jane', '$2b$', 1, false, 4000, 0, now())
)
INSERT INTO chat_ledger (id, kind, account, at, tokens, balance)
VALUES ('jane', 'account', 'jane', now(), 4000, 4000)`;

describe.skipIf(noPostgres)(`a server of before models in Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  const { closers } = places;
  let place: Place;
  beforeEach(() => ({ place } = places));

  const warn = (sentence: string) => {
    throw new Error(sentence);
  };

  async function migrateTo(version: number, url = place.url): Promise<void> {
    const database = openDatabase({ connectionString: url, connections: 1, ...unhurried, warn });
    try {
      await migrate(database, migrations.slice(0, version));
    } finally {
      await database.close();
    }
  }

  async function connect(): Promise<Client> {
    const client = new Client({ connectionString: place.url });
    await client.connect();
    closers.push(() => client.end());
    return client;
  }

  /** Such a server with its prepared statements, on a database of its version with one account. */
  async function openOlder() {
    await migrateTo(1);
    const client = await connect();
    await client.query(JANE);
    const run = async (name: string, text: string, values: unknown[]) =>
      (await client.query<Record<string, unknown>>({ name, text, values })).rows;
    return {
      hold: async (id: string, price: number, key: string | null = null) =>
        expect(await run("hold", HOLD, [id, "jane", key, "digest", price, 60_000])).toEqual([{ id }]),
      charge: async (id: string) => expect(await run("charge", CHARGE, [id])).toHaveLength(1),
      async answerAgain(id: string, again: string) {
        expect(await run("ask_again", ASK_AGAIN, [id, again, 60_000])).toEqual([{ id }]);
        expect(await run("charge_again", CHARGE_AGAIN, [again])).toHaveLength(1);
      },
    };
  }

  async function open(url = place.url) {
    const store = await openPostgresStore({ url, warn, ...unhurried });
    closers.push(() => store.close());
    return store;
  }

  const version = async () =>
    (await place.query<{ version: number }>("SELECT version FROM chat_schema"))[0]?.version;

  it("goes on beside this one: each question costs what its hold says", async () => {
    const older = await openOlder();
    await older.hold("before", 110, "before");
    await older.charge("before");
    await older.hold("across", 120);
    const { ledger } = await open();
    await older.charge("across");
    await older.hold("beside", 130);
    await older.charge("beside");
    await older.hold("taken over", 140);
    expect((await ledger.charge("taken over")).kind).toBe("charged");
    const jane = { id: "jane", name: "jane", passwordHash: "$2b$", generation: 1, disabled: false };
    const large = { price: 250, model: "large" };
    for (const id of ["new", "given"])
      expect(await ledger.hold(question(jane, { ...large, id, key: id }))).toEqual({ kind: "held" });
    expect((await ledger.charge("new")).kind).toBe("charged");
    await older.charge("given");
    expect(
      await place.query(
        "SELECT id, tokens::int4, model FROM chat_ledger WHERE kind = 'charge' ORDER BY tokens DESC, id",
      ),
    ).toEqual([
      { id: "before", tokens: -110, model: null },
      { id: "across", tokens: -120, model: null },
      { id: "beside", tokens: -130, model: null },
      { id: "taken over", tokens: -140, model: null },
      { id: "given", tokens: -250, model: null },
      { id: "new", tokens: -250, model: "large" },
    ]);
    expect(await ledger.balance("jane")).toEqual({ tokens: 3000, held: 0 });
    expect(await balanced(place)).toBe(true);

    const again = (key: string) => ledger.hold(question(jane, { key }));
    expect(await again("before")).toEqual({ kind: "paid", cost: 110, model: undefined });
    await older.answerAgain("new", "again");
    expect(await again("new")).toEqual({ kind: "answer_expired", cost: 250, model: "large" });
    expect(await ledger.balance("jane")).toEqual({ tokens: 3000, held: 0 });
  });

  it("does not start on a database of this version", async () => {
    await migrateTo(migrations.length);
    await expect(migrateTo(1)).rejects.toThrow("made by a newer version");
  });

  it("goes on while this one waits for a backup before it changes the tables", async () => {
    const older = await openOlder();
    const backup = await connect();
    await backup.query("BEGIN");
    await backup.query("SELECT count(*) FROM chat_ledger");
    const said: string[] = [];
    const opening = openPostgresStore({
      url: place.url,
      ...unhurried,
      waitSeconds: 120,
      warn: (sentence) => said.push(sentence),
    });
    await vi.waitUntil(() => said.length > 0, { timeout: 60_000 });
    expect(said[0]).toContain("Waiting for the database (55P03)");
    await older.hold("beside", 130);
    await older.charge("beside");
    expect(await version()).toBe(1);
    await backup.query("COMMIT");
    const store = await opening;
    closers.push(() => store.close());
    expect(await version()).toBe(migrations.length);
    expect(await store.ledger.balance("jane")).toEqual({ tokens: 3870, held: 0 });
  });

  it.skipIf(noOwnPostgres)("is followed by one of this version once the owner has started one", async () => {
    const { url, name } = await createUser(places);
    await place.query("DROP TABLE chat_known, chat_limits, chat_api_keys");
    for (const table of ["chat_ledger", "chat_questions"])
      await place.query(`ALTER TABLE ${table} DROP COLUMN model, DROP COLUMN api_key`);
    await place.query("ALTER TABLE chat_questions DROP COLUMN again_api_key");
    await place.query(
      "ALTER TABLE chat_ledger DROP COLUMN invite, DROP COLUMN n, DROP COLUMN by, DROP COLUMN asked",
    );
    await place.query(
      "ALTER TABLE chat_accounts DROP COLUMN granted, DROP COLUMN deleted_at, DROP COLUMN refilled, DROP COLUMN given",
    );
    await place.query("DROP TABLE chat_invites");
    await place.query("UPDATE chat_schema SET version = 1");
    const refused = openPostgresStore({ url, warn, waitSeconds: 0 });
    await expect(refused).rejects.toBeInstanceOf(StartupError);
    await expect(refused).rejects.toThrow("may not change them (42501)");
    expect(await version()).toBe(1);
    await open();
    await expect(open(url)).rejects.toMatchObject({
      message: expect.stringContaining("SELECT, INSERT, UPDATE ON chat_invites") as unknown,
    });
    // Rights on tables do not extend to new ones.
    await place.query(`GRANT ALL ON ALL TABLES IN SCHEMA ${place.name} TO ${name}`);
    await open(url);
  });
});
