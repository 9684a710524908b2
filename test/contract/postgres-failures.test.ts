import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Store } from "../../src/server/core/store.ts";
import { StartupError } from "../../src/server/core/startup-error.ts";
import { ApiError } from "../../src/server/core/api-error.ts";
import { charge } from "../../src/server/stores/postgres/charge.ts";
import { createLanes } from "../../src/server/stores/postgres/lanes.ts";
import { createLedger } from "../../src/server/stores/postgres/ledger.ts";
import { openDatabase } from "../../src/server/stores/postgres/database.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { sweep } from "../../src/server/stores/postgres/sweep.ts";
import { balanced, createAccount, question, unhurried } from "../support/postgres-store.ts";
import { openPlaces } from "../support/postgres-places.ts";
import {
  noOwnPostgres,
  noPostgres,
  openCluster,
  type Cluster,
  type Place,
  skipped,
} from "../support/postgres.ts";
import { createUser } from "../support/postgres-user.ts";
import { openTcpProxy, type Fate, type TcpProxy } from "../support/tcp-proxy.ts";

describe.skipIf(noPostgres)(`a database that breaks${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  const { closers } = places;
  let place: Place;
  let warnings: string[] = [];
  beforeEach(() => {
    warnings = [];
    ({ place } = places);
  });

  const warn = (sentence: string) => void warnings.push(sentence);

  async function open(
    options: { connections?: number; url?: string; waitSeconds?: number } = {},
  ): Promise<Store> {
    const store = await openPostgresStore({ url: place.url, warn, ...unhurried, ...options });
    closers.push(() => store.close());
    return store;
  }

  /** A store whose one connection goes over a wire that can be cut. */
  async function openWired(): Promise<{ store: Store; wire: TcpProxy }> {
    const wire = await openTcpProxy(places.cluster.port);
    closers.push(() => wire.close());
    return { store: await open({ url: wire.through(place.url), connections: 1 }), wire };
  }

  /** Statements and charges are repeated for as long as the test lasts. */
  function stopPatience(): void {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
  }

  const fates: Fate[] = ["cut before it arrives", "cut before its answer"];

  describe.each(fates)("if the connection is %s", (fate) => {
    it("charges once and reports it, also for a repeated call", async () => {
      const { store, wire } = await openWired();
      const jane = await createAccount(store);
      const [first, again] = [question(jane, { key: "key" }), question(jane, { key: "key" })];
      const once = { kind: "charged", balance: { tokens: 3900, held: 0 } };
      await store.ledger.hold(first);
      wire.next = fate;
      expect(await store.ledger.charge(first.id)).toEqual(once);
      expect(wire.next).toBe("pass");
      await store.ledger.hold(again);
      wire.next = fate;
      expect(await store.ledger.charge(again.id)).toEqual(once);
      expect((await store.ledger.hold(question(jane, { key: "key" }))).kind).toBe("answer_expired");
      expect(await balanced(place)).toBe(true);
    });

    it("holds once, with a key, without one, and for a key that was charged", async () => {
      const { store, wire } = await openWired();
      const jane = await createAccount(store);
      const charged = question(jane, { key: "charged" });
      await store.ledger.hold(charged);
      await store.ledger.charge(charged.id);
      for (const [key, kind] of [
        ["key", "held"],
        [undefined, "held"],
        ["charged", "paid"],
      ] as const) {
        wire.next = fate;
        expect((await store.ledger.hold(question(jane, { key }))).kind).toBe(kind);
      }
      expect(await store.ledger.balance(jane.id)).toEqual({ tokens: 3900, held: 200 });
      expect(await balanced(place)).toBe(true);
    });

    it("releases, grants and registers once", async () => {
      const { store, wire } = await openWired();
      wire.next = fate;
      const jane = await createAccount(store, 100, "Jane");
      expect(await store.accounts.byName("jane")).toEqual(jane);
      const request = question(jane);
      await store.ledger.hold(request);
      wire.next = fate;
      await store.ledger.release(request.id);
      wire.next = fate;
      const granted = await store.ledger.grant({ id: "g", account: jane.id, tokens: 50, reason: "thanks" });
      expect(granted).toEqual({ kind: "granted", balance: { tokens: 150, held: 0 } });
      wire.next = fate;
      const other = await store.accounts.create({ name: "JANE", passwordHash: "x", tokens: 1 });
      expect(other).toEqual({ kind: "taken" });
      expect(await balanced(place)).toBe(true);
    });
  });

  it("recovers when every connection is killed during questions", async () => {
    // Few, so that they are soon there again: a deed is tried for 2 s.
    const stores = [await open({ connections: 3 }), await open({ connections: 3 })] as const;
    const accounts = await Promise.all(Array.from({ length: 5 }, () => createAccount(stores[0], 5000)));
    let asked = 0;
    let killed = 0;
    const ask = async (index: number) => {
      const request = question(accounts[index % 5]!, { key: randomUUID() });
      expect((await stores[index % 2]!.ledger.hold(request)).kind).toBe("held");
      asked += 1;
      expect((await stores[(index + 1) % 2]!.ledger.charge(request.id)).kind).toBe("charged");
    };
    const kill = async () => {
      for (let round = 1; round <= 5; round += 1) {
        await vi.waitUntil(() => asked >= round * 25, { timeout: 120_000, interval: 5 });
        const gone = await place.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()",
          [place.name],
        );
        killed += gone.length;
      }
    };
    const work = async () => {
      for (let round = 0; round < 20; round += 1)
        await Promise.all(Array.from({ length: 10 }, (_, index) => ask(index)));
    };
    await Promise.all([kill(), work()]);
    expect(killed).toBeGreaterThan(0);
    for (const { id } of accounts)
      expect(await stores[0].ledger.balance(id)).toEqual({ tokens: 1000, held: 0 });
    expect(await balanced(place)).toBe(true);
  });

  it("retries after a deadlock", async () => {
    const store = await open();
    const [jane, john] = [await createAccount(store), await createAccount(store)];
    const database = openDatabase({
      connectionString: place.url,
      connections: 4,
      ...unhurried,
      warn,
    });
    closers.push(() => database.close());
    // Each takes the other's row second; one of the two is chosen to fail.
    const both = (first: string, second: string) =>
      database.run(
        `WITH one AS (UPDATE chat_accounts SET tokens = tokens + 1 WHERE id = $1 RETURNING id), pause AS (SELECT pg_sleep(0.3) FROM one)
         UPDATE chat_accounts a SET tokens = tokens + 1 FROM pause WHERE a.id = $2 RETURNING a.id`,
        [first, second],
        120_000,
      );
    await Promise.all([both(jane.id, john.id), both(john.id, jane.id)]);
    for (const { id } of [jane, john]) expect((await store.ledger.balance(id)).tokens).toBe(4002);
  });

  it("retries after a serialization failure", async () => {
    const url = new URL(place.url);
    const options = url.searchParams.get("options");
    await (await openPostgresStore({ url: url.href, warn })).close();
    url.searchParams.set("options", `${options} -c default_transaction_isolation=serializable`);
    const stores = [await open({ url: url.href }), await open({ url: url.href })] as const;
    const jane = await createAccount(stores[0]);
    const operator = new Client({ connectionString: place.url });
    await operator.connect();
    closers.push(() => operator.end());
    const isWaiting = async () =>
      (
        await place.query(
          "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'",
          [place.name],
        )
      ).length > 0;
    /** Rolled back for sure: the account changes while the deed waits for it. */
    const meeting = async <T>(deed: () => Promise<T>): Promise<T> => {
      await operator.query("BEGIN");
      await operator.query("UPDATE chat_accounts SET name = name WHERE id = $1", [jane.id]);
      const done = deed();
      await vi.waitUntil(isWaiting, { timeout: 60_000 });
      await operator.query("COMMIT");
      return done;
    };
    const first = question(jane);
    expect(await meeting(() => stores[0].ledger.hold(first))).toEqual({ kind: "held" });
    expect((await meeting(() => stores[1].ledger.charge(first.id))).kind).toBe("charged");
    const ask = async (index: number) => {
      const request = question(jane);
      expect(await stores[index % 2]!.ledger.hold(request)).toEqual({ kind: "held" });
      return (await stores[(index + 1) % 2]!.ledger.charge(request.id)).kind;
    };
    // Two at a time: then none can lose more often than the other has something to write.
    for (let round = 0; round < 15; round += 1)
      expect(await Promise.all([ask(0), ask(1)])).toEqual(["charged", "charged"]);
    expect(await stores[0].ledger.balance(jane.id)).toEqual({ tokens: 900, held: 0 });
    expect(await balanced(place)).toBe(true);
  });

  it("retries a locked account past the host's lock_timeout, and charges the answer", async () => {
    const url = new URL(place.url);
    url.searchParams.set("options", `${url.searchParams.get("options")} -c lock_timeout=20ms`);
    const wire = await openTcpProxy(places.cluster.port);
    closers.push(() => wire.close());
    const store = await open({ url: wire.through(url.href) });
    const jane = await createAccount(store);
    const request = question(jane);
    await store.ledger.hold(request);
    const locker = new Client({ connectionString: place.url });
    await locker.connect();
    closers.push(() => locker.end());
    await locker.query("BEGIN");
    await locker.query("SELECT 1 FROM chat_accounts FOR UPDATE");
    // The third time it is sent, it was cancelled twice.
    let sent = 0;
    wire.seen = (data) => (sent += data.includes(request.id) ? 1 : 0);
    const charged = store.ledger.charge(request.id);
    await vi.waitUntil(() => sent >= 3, { timeout: 60_000, interval: 1 });
    await locker.query("COMMIT");
    expect(await charged).toEqual({ kind: "charged", balance: { tokens: 3900, held: 0 } });
    expect(warnings).toEqual([]);
  });

  it("does not claim that nothing was charged if it breaks during a charge", async () => {
    const lost = new ApiError("store_unavailable", "Nothing was charged.");
    const ledger = createLedger({
      database: { run: () => Promise.reject(lost) },
      lanes: createLanes(2, 5000),
      now: Date.now,
      abandoned: new Map(),
    });
    await expect(ledger.charge("id")).rejects.toMatchObject({
      code: "store_unavailable",
      retryAfter: 1,
      message: expect.stringMatching(/^(?!.*Nothing was charged).*same Idempotency-Key/) as unknown,
    });
  });

  it("refuses in time if no connection is free, and if no response comes", async () => {
    const database = openDatabase({
      connectionString: place.url,
      connections: 1,
      wait: 1_000,
      answer: 2_000,
      warn,
    });
    closers.push(() => database.close());
    // Connecting has no more time than waiting for a connection; that isn't what is measured here.
    const one = async () => (await database.run("SELECT 1 AS one", [], 60_000)).rows;
    expect(await one()).toEqual([{ one: 1 }]);
    const slow = database.run("SELECT pg_sleep(20)", [], 0);
    await Promise.all([
      expect(slow).rejects.toMatchObject({ code: "store_unavailable" }),
      expect(database.run("SELECT 1")).rejects.toMatchObject({ code: "overloaded", retryAfter: 1 }),
    ]);
    expect(await one()).toEqual([{ one: 1 }]);
  });

  it("waits longer for a connection if an answer is ready to be charged", async () => {
    const store = await open();
    const jane = await createAccount(store);
    const request = question(jane);
    await store.ledger.hold(request);
    const wait = 500;
    const database = openDatabase({ connectionString: place.url, connections: 1, ...unhurried, wait, warn });
    closers.push(() => database.close());
    // Connecting has no more time than waiting for a connection; that isn't what is measured here.
    await database.run("SELECT 1", [], unhurried.wait);
    // The lock keeps the connection busy exactly until a charge was refused; how long that takes doesn't matter.
    stopPatience();
    const locker = new Client({ connectionString: place.url });
    await locker.connect();
    closers.push(() => locker.end());
    await locker.query("BEGIN");
    await locker.query("SELECT 1 FROM chat_accounts FOR UPDATE");
    let onRefused!: () => void;
    const refused = new Promise<void>((resolve) => (onRefused = resolve));
    const run: typeof database.run = async (...statement) => {
      try {
        return await database.run(...statement);
      } catch (error) {
        onRefused();
        throw error;
      }
    };
    await Promise.all([
      database.run("SELECT 1 FROM chat_accounts FOR UPDATE"),
      expect(database.run("SELECT 1")).rejects.toMatchObject({ code: "overloaded" }),
      expect(charge({ run }, request.id)).resolves.toMatchObject({ kind: "charged" }),
      refused.then(() => locker.query("COMMIT")),
    ]);
  });

  it("is refused at the start if it is read-only", async () => {
    const url = new URL(place.url);
    await (await openPostgresStore({ url: url.href, warn })).close();
    const options = url.searchParams.get("options");
    url.searchParams.set("options", `${options} -c default_transaction_read_only=on`);
    const opening = open({ url: url.href, waitSeconds: 0 });
    await expect(opening).rejects.toBeInstanceOf(StartupError);
    await expect(opening).rejects.toThrow("read-only");
  });

  describe.skipIf(noOwnPostgres)(`with a user without some rights${skipped(noOwnPostgres)}`, () => {
    const admin = (sql: string) => place.query(sql);

    it("names every missing right, and opens after its hint was followed", async () => {
      const { url, name } = await createUser(places, { rights: "SELECT, INSERT" });
      const opening = open({ url, waitSeconds: 0 });
      const refused = await opening.catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(StartupError);
      const { message, hint } = refused as StartupError;
      expect(message).toBe(
        "The database's user lacks rights on the store's tables: UPDATE ON chat_accounts; UPDATE, DELETE ON chat_api_keys; UPDATE ON chat_invites; " +
          "UPDATE, DELETE ON chat_known; UPDATE, DELETE ON chat_limits; " +
          "UPDATE, DELETE ON chat_questions; UPDATE, DELETE ON chat_revoked; UPDATE ON chat_schema; UPDATE, DELETE ON chat_usage.",
      );
      const grants = hint.slice(hint.indexOf("GRANT")).replaceAll("NAME", name);
      await admin(`SET search_path = ${name}; ${grants}`);
      const store = await open({ url, waitSeconds: 0 });
      const jane = await createAccount(store);
      const [charged, released] = [question(jane, { key: "key" }), question(jane)];
      await store.ledger.hold(charged);
      expect((await store.ledger.charge(charged.id)).kind).toBe("charged");
      await store.ledger.hold(released);
      await store.ledger.release(released.id);
      await store.ledger.grant({ id: "g", account: jane.id, tokens: 50, reason: "thanks" });
      expect((await store.signingSecret()).length).toBe(48);
      await store.accounts.setPassword({ account: jane.id, generation: 1, passwordHash: "$2b$new" });
      await store.accounts.revoke({ account: jane.id, jti: "jti", expires: Date.now() });
      const database = openDatabase({ connectionString: url, connections: 1, ...unhurried, warn });
      closers.push(() => database.close());
      await sweep(database);
      expect(await store.ledger.balance(jane.id)).toEqual({ tokens: 3950, held: 0 });
      expect(warnings).toEqual([]);
    });

    it("is refused with a message if the user may not even read", async () => {
      const { url } = await createUser(places, { rights: "INSERT" });
      const opening = open({ url, waitSeconds: 0 });
      await expect(opening).rejects.toThrow("may not create or read");
    });

    it("is not ready after it became read-only", async () => {
      const { url, name } = await createUser(places);
      const store = await open({ url });
      expect(await store.ready()).toBe(true);
      await admin(`ALTER ROLE ${name} SET default_transaction_read_only = on`);
      await admin(`SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = '${name}'`);
      await vi.waitUntil(async () => !(await store.ready()), { timeout: 60_000 });
      await expect(createAccount(store)).rejects.toMatchObject({ code: "store_unavailable" });
    });
  });

  it("is ready although questions use every connection", async () => {
    const store = await open({ connections: 2 });
    const jane = await createAccount(store);
    const john = await createAccount(store);
    const operator = new Client({ connectionString: place.url });
    await operator.connect();
    closers.push(() => operator.end());
    await operator.query("BEGIN");
    await operator.query("SELECT id FROM chat_accounts FOR UPDATE");
    const held = [jane, jane, john].map((account) => store.ledger.hold(question(account)));
    const waiting = () =>
      place.query(
        "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'",
        [place.name],
      );
    await vi.waitUntil(async () => (await waiting()).length === 2, { timeout: 120_000 });
    expect(await store.ready()).toBe(true);
    await operator.query("ROLLBACK");
    expect(await Promise.all(held)).toEqual(held.map(() => ({ kind: "held" })));
  });

  it("causes a warning if synchronous_commit is off", async () => {
    const url = new URL(place.url);
    url.searchParams.set("options", `${url.searchParams.get("options")} -c synchronous_commit=off`);
    await open({ url: url.href });
    expect(warnings).toEqual([expect.stringContaining("synchronous_commit")]);
  });

  it("has a message for each wrong address, without the password", async () => {
    const [host, secret] = [new URL(place.url).host, "hunter2secret"];
    for (const [url, message] of [
      [`postgres://postgres:${secret}@${host}/no_such_database`, /does not exist/],
      [`postgres://postgres:${secret}@${host}/postgres?sslmode=require`, /encrypted/],
      [`postgres://postgres:${secret}@127.0.0.1:1/postgres`, /cannot be used \(ECONNREFUSED\)/],
      [`postgres://postgres:${secret}@${host}/postgres?sslrootcert=/no/such/file`, /\(ENOENT\)/],
      [`postgres://postgres:${secret}@${host}/postgres?sslrootcert=/`, /\(EISDIR\)/],
      [`postgres://postgres:${secret}@bad host/`, /cannot be read/],
      [`postgres://postgres:${secret}@${host}/postgres?options=-c%20search_path%3Dnowhere`, /no schema/],
      [`mysql://root:${secret}@${host}/`, /cannot be read/],
    ] as const) {
      const error = await openPostgresStore({ url, warn, waitSeconds: 0 }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(StartupError);
      expect((error as StartupError).message).toMatch(message);
      expect(inspect([error, warnings], { depth: 9 })).not.toContain(secret);
    }
  });

  it("is described by host and database, without user and password", async () => {
    const { host } = new URL(place.url);
    const url = new URL(place.url);
    url.password = "hunter2secret";
    const store = await open({ url: url.href });
    expect(store.description).toBe(`Postgres database ${url.pathname.slice(1)} at ${host}`);
  });

  describe.skipIf(noOwnPostgres)(`and restarts${skipped(noOwnPostgres)}`, () => {
    // Its own: the other tests' stores would see it go as well.
    let own: Cluster;
    beforeAll(async () => {
      own = await openCluster({ durable: true });
    });
    afterAll(() => own?.close());
    beforeEach(async () => {
      place = await own.place();
    });

    it("is waited for at the start, with warnings", async () => {
      await own.crash();
      await expect(openPostgresStore({ url: place.url, warn, waitSeconds: 0 })).rejects.toBeInstanceOf(
        StartupError,
      );
      const opening = open({ waitSeconds: 120 });
      await vi.waitUntil(() => warnings.some((sentence) => sentence.startsWith("Waiting for the database")), {
        timeout: 120_000,
      });
      await own.start();
      expect(await (await opening).ready()).toBe(true);
    });

    it("is not ready and refuses questions while it is down, and recovers by itself", async () => {
      const store = await open();
      const jane = await createAccount(store);
      await own.crash();
      expect(await store.ready()).toBe(false);
      await expect(store.ledger.hold(question(jane))).rejects.toMatchObject({ code: "store_unavailable" });
      await expect(store.accounts.session(jane.id, "jti")).rejects.toMatchObject({
        code: "store_unavailable",
      });
      await own.start();
      await vi.waitUntil(() => store.ready(), { timeout: 60_000 });
      const request = question(jane);
      expect(await store.ledger.hold(request)).toEqual({ kind: "held" });
      expect((await store.ledger.charge(request.id)).kind).toBe("charged");
      expect(warnings).toEqual([expect.stringContaining("cannot be used"), "The database answers again."]);
    });

    it("charges an answer that became ready during a restart of the database", async () => {
      // It is down for as long as the test says: a machine may take longer to start one than a charge is tried.
      const wire = await openTcpProxy(own.port);
      closers.push(() => wire.close());
      const store = await open({ url: wire.through(place.url) });
      const jane = await createAccount(store);
      const requests = Array.from({ length: 10 }, () => question(jane));
      for (const request of requests) await store.ledger.hold(request);
      await own.crash();
      wire.lead(undefined);
      await own.start();
      const charges = requests.map((request) => store.ledger.charge(request.id));
      await vi.waitUntil(() => wire.turnedAway > 0, { timeout: 60_000, interval: 1 });
      wire.lead(own.port);
      expect((await Promise.all(charges)).map(({ kind }) => kind)).toEqual(requests.map(() => "charged"));
      expect(await store.ledger.balance(jane.id)).toEqual({ tokens: 3000, held: 0 });
      expect(await balanced(place)).toBe(true);
    });

    it("releases the holds that could not be released while it was down", async () => {
      const store = await open();
      const jane = await createAccount(store, 100);
      const request = question(jane);
      await store.ledger.hold(request);
      await own.crash();
      await expect(store.ledger.release(request.id)).rejects.toMatchObject({ code: "store_unavailable" });
      await own.start();
      await vi.waitUntil(async () => (await store.ledger.balance(jane.id)).held === 0, { timeout: 120_000 });
    });

    it("has every charge that was acknowledged before it crashed during questions", async () => {
      const store = await open();
      const jane = await createAccount(store, 1_000_000);
      let charged = 0;
      const crash = new AbortController();
      const ask = async () => {
        while (!crash.signal.aborted) {
          const request = question(jane);
          try {
            await store.ledger.hold(request);
            if ((await store.ledger.charge(request.id)).kind === "charged") charged += 1;
          } catch {
            return;
          }
        }
      };
      const work = Promise.all(Array.from({ length: 4 }, ask));
      await vi.waitUntil(() => charged > 50, { timeout: 120_000 });
      await own.crash();
      crash.abort();
      await own.start();
      await work;
      // Nothing was lost, and at most what was under way without an acknowledgement is more.
      const { tokens } = await store.ledger.balance(jane.id);
      expect((1_000_000 - tokens) / 100).toBeGreaterThanOrEqual(charged);
      expect((1_000_000 - tokens) / 100).toBeLessThanOrEqual(charged + 4);
      expect(await balanced(place)).toBe(true);
    });
  });
});
