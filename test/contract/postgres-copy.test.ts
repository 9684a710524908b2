import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Account } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { sha256 } from "../../src/server/core/sha256.ts";
import { StartupError } from "../../src/server/core/startup-error.ts";
import { copyStore } from "../../src/server/stores/copy.ts";
import { checkFolder } from "../../src/server/stores/json/check.ts";
import { openJsonStore } from "../../src/server/stores/json/store.ts";
import { checkDatabase } from "../../src/server/stores/postgres/check.ts";
import { openDatabase } from "../../src/server/stores/postgres/database.ts";
import { readSecret } from "../../src/server/stores/postgres/secret.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { balanced, createAccount, question, unhurried } from "../support/postgres-store.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { noPostgres, type Place, skipped } from "../support/postgres.ts";
import { openTcpProxy, type Fate } from "../support/tcp-proxy.ts";

describe.skipIf(noPostgres)(`a copy of a store${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  let place: Place;
  let folder: string;
  beforeEach(async () => {
    ({ place } = places);
    folder = await mkdtemp(join(tmpdir(), "ai-chat-copy-"));
    places.closers.push(() => rm(folder, { recursive: true }));
  });

  const warn = (sentence: string) => {
    throw new Error(sentence);
  };
  const inFolder = (name: string) => join(folder, name);
  const openJson = (name: string, { now = Date.now, models = false } = {}) =>
    openJsonStore({ dir: inFolder(name), warn, now, models });
  const openPostgres = (url = place.url) => openPostgresStore({ url, warn });
  const copy = (from: string, to: string) => copyStore({ from, to, warn });

  /** Somebody of every kind, and every kind of entry. */
  async function fill(store: Store): Promise<Account[]> {
    const jane = await createAccount(store, 4000, "Jane");
    const john = await createAccount(store, 0, "john");
    const jim = await createAccount(store, 300, "jim");
    for (const key of ["once", "twice", "twice", undefined]) {
      const request = question(jane, { key });
      await store.ledger.hold(request);
      await store.ledger.charge(request.id);
    }
    await store.ledger.grant({ id: "g1", account: john.id, tokens: 50, reason: 'for "help"\n\\o/' });
    await store.accounts.setPassword({ account: john.id, generation: 1, passwordHash: "$2b$new" });
    await store.accounts.setDisabled(jim.id, true);
    await store.accounts.revoke({ account: jane.id, jti: "gone", expires: Date.now() + 3_600_000 });
    await store.accounts.remember(jane.id, "home");
    await store.accounts.remember(jane.id, "work");
    const open = question(jim);
    await store.ledger.hold(open);
    await store.ledger.release(open.id);
    return [jane, john, jim];
  }

  /** All that a user of the store could notice. */
  async function told(store: Store, accounts: Account[]): Promise<unknown[]> {
    const [jane, john] = accounts as [Account, Account];
    const of = async ({ id, name }: Account) => [
      await store.accounts.byName(name.toUpperCase()),
      await store.accounts.session(id, "gone"),
      await store.accounts.knows(id, "home"),
      await store.accounts.knows(id, "elsewhere"),
      await store.ledger.balance(id),
      await store.ledger.usage(id, 90),
    ];
    const hold = async (key: string, digest: string) => {
      const request = question(jane, { key, digest });
      const outcome = await store.ledger.hold(request);
      await store.ledger.release(request.id);
      return outcome;
    };
    return [
      await Promise.all(accounts.map(of)),
      [
        await hold("once", "digest"),
        await hold("once", "other"),
        await hold("twice", "digest"),
        await hold("new", "digest"),
      ],
      await store.ledger.grant({ id: "g1", account: john.id, tokens: 50, reason: "again" }),
      (await store.signingSecret()).toString("hex"),
    ];
  }

  it("from a folder into Postgres and back equals the original", async () => {
    const first = await openJson("first");
    const accounts = await fill(first);
    const before = await told(first, accounts);
    await first.close();
    const copied = await copy(inFolder("first"), place.url);
    expect(copied).toMatchObject({ accounts: 3, tokens: 4000 - 300 + 50 + 300 });

    const second = await openPostgres();
    expect(await told(second, accounts)).toEqual(before);
    const request = question(accounts[0]!, { key: "new" });
    await second.ledger.hold(request);
    await second.ledger.charge(request.id);
    const after = await told(second, accounts);
    await second.close();
    expect(await balanced(place)).toBe(true);

    const back = await copy(place.url, inFolder("third"));
    expect(back).toMatchObject({ accounts: 3, entries: copied.entries + 1, tokens: copied.tokens - 100 });
    expect((await stat(inFolder("third"))).mode & 0o077).toBe(0);
    const third = await openJson("third");
    expect(await told(third, accounts)).toEqual(after);
    await third.close();
    expect((await readdir(folder)).sort()).toEqual(["first", "third"]);
  });

  it("keeps API keys, what they spent and paid for, into Postgres, on and back", async () => {
    const first = await openJsonStore({ dir: inFolder("first"), models: true, warn: () => {} });
    const jane = await createAccount(first, 4000, "jane");
    const limit = { tokens: 500, per: "month" } as const;
    const expires = Date.now() + 3_600_000;
    const create = (store: Store, id: string, more: object) =>
      store.apiKeys!.create({
        id,
        account: jane.id,
        name: id,
        digest: sha256(id),
        limit: null,
        expires: null,
        ...more,
      });
    const ask = async (
      store: Store,
      apiKey: string,
      price = 100,
      settle: "charge" | "release" = "charge",
    ) => {
      const request = question(jane, {
        apiKey,
        price,
        key: sha256(`${apiKey} ${price}`),
        digest: sha256(""),
      });
      const { kind } = await store.ledger.hold(request);
      await store.ledger[settle](request.id);
      return kind;
    };
    await create(first, "limited", { limit, expires });
    await create(first, "ended", { name: "CI" });
    await create(first, "unlimited", { name: "ci of jane" });
    for (const id of ["limited", "ended", "unlimited"]) expect(await ask(first, id)).toBe("held");
    await ask(first, "limited", 150);
    await first.apiKeys!.revoke(jane.id, "ended");
    const tell = async (store: Store) => ({
      keys: await store.apiKeys!.list(jane.id),
      found: await store.apiKeys!.byDigest(sha256("limited")),
      ended: await store.apiKeys!.byDigest(sha256("ended")),
      use: (await store.ledger.usageBy!(jane.id, 90, "key")).sort((a, b) => (a.name! < b.name! ? -1 : 1)),
      kinds: [
        await ask(store, "limited", 251, "release"),
        await ask(store, "ended", 100, "release"),
        (await store.ledger.hold(question(jane, { apiKey: "ended" }))).kind,
        (await create(store, "another", { name: "LIMITED" })).kind,
        (await create(store, "another", { digest: sha256("ended") })).kind,
      ],
    });
    const before = await tell(first);
    expect(before).toMatchObject({
      keys: [
        { id: "limited", spent: 250 },
        { id: "unlimited", spent: 100 },
      ],
      kinds: ["key_limit", "paid", "key_ended", "taken", "taken"],
    });
    await first.close();
    await copy(inFolder("first"), place.url);
    const other = await places.cluster.place();
    places.closers.push(() => other.drop());
    await copy(place.url, other.url);
    for (const url of [place.url, other.url]) {
      const store = await openPostgres(url);
      expect(await tell(store)).toEqual(before);
      await store.close();
      expect(await checkDatabase(url, { warn })).toMatchObject({ ok: true, findings: [] });
    }
    await copy(other.url, inFolder("third"));
    const third = await openJson("third");
    expect(await tell(third)).toEqual(before);
    await third.close();
    expect(await checkFolder(inFolder("third"))).toMatchObject({ ok: true });
  });

  it("keeps the model of every charge, and that some have none, into Postgres and back", async () => {
    const first = await openJson("first");
    const jane = await createAccount(first, 4000, "jane");
    const ask = async (store: Store, id: string, model: string) => {
      await store.ledger.hold(question(jane, { id, key: id, model }));
      expect((await store.ledger.charge(id)).kind).toBe("charged");
    };
    await ask(first, "old", "small");
    await first.close();
    const second = await openJsonStore({ dir: inFolder("first"), models: true, warn: () => {} });
    await ask(second, "new", "large");
    await second.close();
    await copy(inFolder("first"), place.url);
    const MODELS = "SELECT id, model FROM chat_ledger WHERE kind = 'charge' ORDER BY at, id";
    const models = [
      { id: "old", model: null },
      { id: "new", model: "large" },
    ];
    expect(await place.query(MODELS)).toEqual(models);
    // An older server beside the database's own charges last.
    await place.query("UPDATE chat_ledger SET at = at + interval '1 hour' WHERE id = 'old'");
    await copy(place.url, inFolder("back"));
    expect(await checkFolder(inFolder("back"))).toMatchObject({ ok: true, tokens: 3800 });
    const back = await openJson("back");
    const hold = (key: string) => back.ledger.hold(question(jane, { key }));
    expect(await hold("old")).toEqual({ kind: "paid", cost: 100, model: undefined });
    expect(await hold("new")).toEqual({ kind: "paid", cost: 100, model: "large" });
    await back.close();
    const other = await places.cluster.place();
    places.closers.push(() => other.drop());
    await copy(inFolder("back"), other.url);
    expect(await other.query(MODELS)).toEqual([models[1], models[0]]);
  });

  it("stays version 1 as long as no charge names its model", async () => {
    const first = await openJson("first");
    await fill(first);
    await first.close();
    await copy(inFolder("first"), place.url);
    await copy(place.url, inFolder("back"));
    expect(await readFile(join(inFolder("back"), "ledger.jsonl"), "utf8")).not.toMatch(/"version":2|model/);
  });

  it("keeps every balance at or above zero, although entries are sorted by the start of their transactions", async () => {
    const store = await openPostgres();
    const jane = await createAccount(store, 100);
    await store.ledger.grant({ id: "g", account: jane.id, tokens: 100, reason: "" });
    for (let charge = 0; charge < 2; charge += 1) {
      const request = question(jane);
      await store.ledger.hold(request);
      await store.ledger.charge(request.id);
    }
    await store.close();
    // As if the grant had begun last and been written first.
    await place.query("UPDATE chat_ledger SET at = now() + interval '1 minute' WHERE kind = 'grant'");
    await copy(place.url, inFolder("copy"));
    const copied = await openJson("copy");
    expect(await copied.ledger.balance(jane.id)).toEqual({ tokens: 0, held: 0 });
    await copied.close();
  });

  it("keeps a charge before its repeat if the folder's clock was two minutes ahead of the database's", async () => {
    const ahead = () => Date.now() + 120_000;
    const first = await openJson("first", { now: ahead });
    const accounts = await fill(first);
    await first.close();
    await copy(inFolder("first"), place.url);
    const [jane, john] = accounts as [Account, Account];
    const second = await openPostgres();
    for (const request of [
      question(jane, { key: "new" }),
      question(jane, { key: "once" }),
      // Paid from the grant.
      question(john, { price: 50 }),
    ]) {
      await second.ledger.hold(request);
      expect((await second.ledger.charge(request.id)).kind).toBe("charged");
    }
    const before = await told(second, accounts);
    await second.close();

    const other = await places.cluster.place();
    places.closers.push(() => other.drop());
    const copied = await copy(place.url, other.url);
    expect(copied.tokens).toBe(4000 - 400 + 300);
    expect(await balanced(other)).toBe(true);
    expect(await other.query("SELECT id FROM chat_ledger WHERE balance < 0")).toEqual([]);
    const third = await openPostgres(other.url);
    expect(await told(third, accounts)).toEqual(before);
    await third.close();

    await copy(place.url, inFolder("back"));
    const back = await openJson("back");
    expect(await told(back, accounts)).toEqual(before);
    await back.close();
  });

  it("names the copy in the error, and no repair, if the written folder cannot be read", async () => {
    const store = await openPostgres();
    const jane = await createAccount(store);
    await store.ledger.grant({ id: "g", account: jane.id, tokens: 50, reason: "" });
    await store.close();
    await place.query("UPDATE chat_ledger SET tokens = -50 WHERE kind = 'grant'");
    await place.query("UPDATE chat_accounts SET tokens = tokens - 100");
    const refused = await copy(place.url, inFolder("copy")).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      message: expect.stringContaining("cannot be read back: ledger.jsonl, line 3") as unknown,
      hint: expect.not.stringContaining("head -c") as unknown,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it("is refused into a store that is not empty, which stays unchanged", async () => {
    const json = await openJson("first");
    await fill(json);
    await json.close();
    const postgres = await openPostgres();
    await createAccount(postgres, 7, "already");
    await postgres.close();
    await expect(copy(inFolder("first"), place.url)).rejects.toThrow("holds accounts already");
    expect(await place.query("SELECT name FROM chat_accounts")).toEqual([{ name: "already" }]);
    const before = await readFile(inFolder("first/ledger.jsonl"));
    await expect(copy(place.url, inFolder("first"))).rejects.toThrow("not empty");
    expect(await readFile(inFolder("first/ledger.jsonl"))).toEqual(before);
  });

  /** Does `work` while a copy of the folder `first` into the place waits in the middle; then lets it go on. */
  async function inTheMiddle(work: () => Promise<unknown>): Promise<unknown> {
    await (await openPostgres()).close();
    const operator = new Client({ connectionString: place.url });
    await operator.connect();
    places.closers.push(() => operator.end());
    await operator.query("BEGIN; LOCK TABLE chat_revoked");
    const copied = copy(inFolder("first"), place.url).catch((error: unknown) => error);
    await waiting(1);
    await work();
    await operator.query("COMMIT");
    return copied;
  }

  /** Until this many connections of the place wait for a lock. */
  const waiting = (count: number) =>
    vi.waitUntil(
      async () => {
        const rows = await place.query(
          "SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'",
          [place.name],
        );
        return rows.length === count;
      },
      { timeout: 100_000 },
    );

  it("is refused into a database that has a signing secret", async () => {
    const json = await openJson("first");
    await fill(json);
    await json.close();
    const postgres = await openPostgres();
    const secret = await postgres.signingSecret();
    await postgres.close();
    await expect(copy(inFolder("first"), place.url)).rejects.toThrow("holds a signing secret");
    expect(await place.query("SELECT id FROM chat_accounts")).toEqual([]);
    const again = await openPostgres();
    expect(await again.signingSecret()).toEqual(secret);
    await again.close();
  });

  it("gives its secret to a server that asks for one during the copy", async () => {
    const json = await openJson("first");
    await fill(json);
    const secret = await json.signingSecret();
    await json.close();
    const server = openDatabase({ connectionString: place.url, connections: 1, ...unhurried, warn });
    places.closers.push(() => server.close());
    let found: Promise<Buffer> | undefined;
    const copied = await inTheMiddle(async () => {
      found = readSecret(server);
      await waiting(2);
    });
    expect(copied).toMatchObject({ accounts: 3 });
    expect(await found).toEqual(secret);
  });

  it("lets no server start on its target during the copy", async () => {
    const json = await openJson("first");
    await fill(json);
    const secret = await json.signingSecret();
    await json.close();
    const said: string[] = [];
    let started: Promise<Store> | undefined;
    await inTheMiddle(async () => {
      const refused = openPostgresStore({ url: place.url, warn, waitSeconds: 0 });
      await expect(refused).rejects.toThrow("a copy into the database");
      started = openPostgresStore({ url: place.url, warn: (sentence) => said.push(sentence) });
      await vi.waitUntil(() => said.length > 0, { timeout: 100_000 });
    });
    const store = await started!;
    expect(await store.signingSecret()).toEqual(secret);
    await store.close();
  });

  it("fails and names its target if an account registers there during the copy", async () => {
    const json = await openJson("first");
    await fill(json);
    await json.close();
    const running = await openPostgres();
    const refused = await inTheMiddle(() => createAccount(running, 10, "new"));
    await running.close();
    expect(refused).toMatchObject({
      message: expect.stringContaining(`wrote to the target (Postgres`) as unknown,
      hint: expect.stringContaining("every server on the target") as unknown,
    });
    expect(await place.query("SELECT name FROM chat_accounts")).toEqual([{ name: "new" }]);
  });

  it("fails and names its target if one of its own names registers there during the copy", async () => {
    const json = await openJson("first");
    await fill(json);
    await json.close();
    await (await openPostgres()).close();
    const operator = new Client({ connectionString: place.url });
    await operator.connect();
    places.closers.push(() => operator.end());
    await operator.query("BEGIN");
    await operator.query(
      "INSERT INTO chat_accounts VALUES ('id', 'Jane', 'jane', '$2b$', 1, false, 0, 0, now())",
    );
    const refused = copy(inFolder("first"), place.url).catch((error: unknown) => error);
    await waiting(1);
    await operator.query("COMMIT");
    expect(await refused).toMatchObject({
      message: expect.stringContaining("wrote to the target") as unknown,
    });
    expect(await place.query("SELECT name FROM chat_accounts")).toEqual([{ name: "Jane" }]);
  });

  it("is refused from a store that is in use, damaged or missing", async () => {
    const json = await openJson("first");
    await fill(json);
    await expect(copy(inFolder("first"), place.url)).rejects.toBeInstanceOf(StartupError);
    await json.close();
    const { size } = await stat(inFolder("first/ledger.jsonl"));
    await truncate(inFolder("first/ledger.jsonl"), size - 200);
    await expect(copy(inFolder("first"), place.url)).rejects.toThrow("ledger.jsonl");
    await expect(copy(inFolder("nowhere"), place.url)).rejects.toThrow("no store");
    expect(await place.query("SELECT id FROM chat_accounts")).toEqual([]);

    const postgres = await openPostgres();
    await postgres.ledger.hold(question(await createAccount(postgres)));
    await expect(copy(place.url, inFolder("copy"))).rejects.toThrow("in flight");
    await postgres.close();
    expect(await readdir(folder)).toEqual(["first"]);
  });

  it("leaves nothing in the target if the two sides do not add up to the same", async () => {
    const store = await openPostgres();
    const jane = await createAccount(store);
    await store.close();
    await place.query("UPDATE chat_accounts SET tokens = tokens + 1 WHERE id = $1", [jane.id]);
    await expect(copy(place.url, inFolder("copy"))).rejects.toThrow("The copy failed");
    const other = await places.cluster.place();
    await expect(copy(place.url, other.url)).rejects.toThrow("The copy failed");
    expect(await other.query("SELECT id FROM chat_accounts")).toEqual([]);
    expect(await other.query("SELECT id FROM chat_ledger")).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
    await other.drop();
  });

  it("may take longer than the role's statement_timeout", async () => {
    const store = await openPostgres();
    await fill(store);
    await store.close();
    const other = await places.cluster.place();
    places.closers.push(() => other.drop());
    await (await openPostgres(other.url)).close();
    // Shows its rows to statements without a limit only.
    for (const side of [place, other])
      await side.query(
        `ALTER TABLE chat_ledger RENAME TO kept;
         CREATE VIEW chat_ledger AS SELECT * FROM kept WHERE current_setting('statement_timeout') = '0'`,
      );
    const limited = ({ url }: Place) => {
      const place = new URL(url);
      place.searchParams.set("options", `${place.searchParams.get("options")} -c statement_timeout=100s`);
      return place.href;
    };
    expect(await copy(limited(place), limited(other))).toMatchObject({ accounts: 3 });
  });

  it("leaves the target empty if a statement fails", async () => {
    const json = await openJson("first");
    await fill(json);
    await json.close();
    // The schema first: then the copy's statements are what is refused.
    await (await openPostgres()).close();
    await place.query("ALTER TABLE chat_revoked ADD CONSTRAINT halfway CHECK (jti <> 'gone')");
    await expect(copy(inFolder("first"), place.url)).rejects.toThrow("failed (23514)");
    for (const table of ["accounts", "ledger", "questions", "usage"])
      expect(await place.query(`SELECT * FROM chat_${table}`)).toEqual([]);
    await place.query("ALTER TABLE chat_revoked DROP CONSTRAINT halfway");
    expect((await copy(inFolder("first"), place.url)).accounts).toBe(3);
  });

  it("leaves nothing if it is aborted, and succeeds the next time", async () => {
    const json = await openJson("first");
    await fill(json);
    await json.close();
    const signal = AbortSignal.abort(new Error("enough"));
    const given = (from: string, to: string) => copyStore({ from, to, warn, signal });
    await expect(given(inFolder("first"), place.url)).rejects.toThrow("enough");
    expect(await place.query("SELECT id FROM chat_accounts")).toEqual([]);
    await copy(inFolder("first"), place.url);
    await expect(given(place.url, inFolder("back"))).rejects.toThrow("enough");
    expect(await readdir(folder)).toEqual(["first"]);
    expect((await copy(place.url, inFolder("back"))).accounts).toBe(3);
  });

  it.each<[Fate, number, object]>([
    ["cut before its answer", 3, { accounts: 3 }],
    ["cut before it arrives", 0, { hint: expect.stringContaining("The target is unchanged") as unknown }],
  ])("checks the target if the response to its commit is %s", async (fate, accounts, outcome) => {
    const json = await openJson("first");
    await fill(json);
    await json.close();
    // Its schema is there already: then the copy's own COMMIT is the first.
    await (await openPostgres()).close();
    const wire = await openTcpProxy(places.cluster.port);
    places.closers.push(() => wire.close());
    wire.nextWith = "COMMIT";
    wire.next = fate;
    const copied = copy(inFolder("first"), wire.through(place.url));
    expect(await copied.catch((error: unknown) => error)).toMatchObject(outcome);
    expect(wire.next).toBe("pass");
    expect(await place.query("SELECT id FROM chat_accounts")).toHaveLength(accounts);
  });

  it("names the folder that a killed copy left", async () => {
    const postgres = await openPostgres();
    await createAccount(postgres);
    await postgres.close();
    await mkdir(inFolder(".back-copy-abc"));
    const said: string[] = [];
    await copyStore({ from: place.url, to: inFolder("back"), warn: (sentence) => said.push(sentence) });
    expect(said).toEqual([expect.stringContaining(inFolder(".back-copy-abc"))]);
  });
});
