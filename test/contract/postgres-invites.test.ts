import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { NewInvite } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { copyStore } from "../../src/server/stores/copy.ts";
import { checkFolder } from "../../src/server/stores/json/check.ts";
import { openJsonStore } from "../../src/server/stores/json/store.ts";
import { migrations } from "../../src/server/stores/postgres/migrations.ts";
import { migrate } from "../../src/server/stores/postgres/migrate.ts";
import { openDatabase } from "../../src/server/stores/postgres/database.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { unhurried } from "../support/postgres-store.ts";
import { noPostgres, type Place, skipped } from "../support/postgres.ts";
import { openTcpProxy, type Fate } from "../support/tcp-proxy.ts";

describe.skipIf(noPostgres)(`invitations in Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  const { closers } = places;
  let place: Place;
  beforeEach(() => ({ place } = places));

  const invite = (id: string, more: Partial<NewInvite> = {}): NewInvite => ({
    id,
    digest: `digest of ${id}`,
    tokens: null,
    uses: 1,
    expires: Date.now() + 3_600_000,
    ...more,
  });

  const register = ({ accounts }: Store, name: string, id: string) =>
    accounts.create({ name, passwordHash: "$2b$", tokens: 5, invite: id });

  async function openPostgres(url = place.url): Promise<Store> {
    const store = await openPostgresStore({ url, connections: 1, warn: () => {}, ...unhurried });
    closers.push(() => store.close());
    return store;
  }

  async function makeFolder(): Promise<string> {
    const dir = await mkdtemp(join(tmpdir(), "ai-chat-invites-"));
    closers.push(() => rm(dir, { recursive: true }));
    return dir;
  }

  it.each<Fate>(["cut before it arrives", "cut before its answer"])(
    "are made, used and revoked once if the connection is %s",
    async (fate) => {
      const wire = await openTcpProxy(places.cluster.port);
      closers.push(() => wire.close());
      const store = await openPostgres(wire.through(place.url));
      wire.next = fate;
      expect(await store.invites.create([invite("a"), invite("b", { uses: 2 })])).toEqual({
        kind: "created",
      });
      wire.next = fate;
      expect((await register(store, "jane", "a")).kind).toBe("created");
      wire.next = fate;
      expect((await register(store, "joe", "a")).kind).toBe("invalid_invite");
      wire.next = fate;
      expect((await register(store, "JANE", "b")).kind).toBe("taken");
      wire.next = fate;
      expect(await store.invites.revoke(invite("b"))).toEqual({ kind: "revoked", id: "b" });
      expect((await store.invites.list()).map(({ used, state }) => [used, state])).toEqual([
        [1, "used_up"],
        [0, "revoked"],
      ]);
      expect(await store.accounts.byName("joe")).toBeUndefined();
    },
  );

  it("may be used at several servers at once, and make one account for each use", async () => {
    const stores = await Promise.all([openPostgres(), openPostgres(), openPostgres()]);
    await stores[0].invites.create([invite("a", { uses: 2 })]);
    const made = await Promise.all(
      Array.from({ length: 21 }, (_, at) => register(stores[at % 3]!, `user${at}`, "a")),
    );
    expect(made.filter(({ kind }) => kind === "created")).toHaveLength(2);
    expect(await place.query("SELECT invite FROM chat_ledger")).toEqual([{ invite: "a" }, { invite: "a" }]);
  });

  it("come to a database of before, whose accounts stay", async () => {
    const database = openDatabase({
      connectionString: place.url,
      connections: 1,
      ...unhurried,
      warn: () => {},
    });
    await migrate(database, migrations.slice(0, 3));
    await database.close();
    await place.query(`
      INSERT INTO chat_accounts (id, name, folded, password_hash, generation, disabled, tokens, held, created_at)
      VALUES ('jane', 'jane', 'jane', 'h', 1, false, 7, 0, now())`);
    await place.query(`
      INSERT INTO chat_ledger (id, kind, account, at, tokens, balance) VALUES ('jane', 'account', 'jane', now(), 7, 7)`);
    const store = await openPostgres();
    await store.invites.create([invite("a")]);
    expect((await register(store, "joe", "a")).kind).toBe("created");
    expect(await store.ledger.balance("jane")).toEqual({ tokens: 7, held: 0 });
  });

  it("are copied from a folder into Postgres and back, with their uses, and none can be used twice", async () => {
    const dir = join(await makeFolder(), "first");
    const first = await openJsonStore({ dir, warn: () => {} });
    await first.accounts.create({ name: "early", passwordHash: "h", tokens: 5 });
    await first.invites.create([invite("a", { uses: 2, tokens: 9 }), invite("b"), invite("c")]);
    await first.invites.create([invite("d", { expires: Date.now() - 1000 })]);
    await register(first, "jane", "a");
    await register(first, "john", "b");
    await first.invites.revoke(invite("c"));
    const before = await first.invites.list();
    expect(before.map(({ used, state }) => [used, state])).toEqual([
      [1, "valid"],
      [1, "used_up"],
      [0, "revoked"],
      [0, "expired"],
    ]);
    await first.close();
    await copyStore({ from: dir, to: place.url, warn: () => {} });
    const second = await openPostgres();
    const byId = new Map((await second.invites.list()).map((each) => [each.id, each]));
    expect(before.map(({ id }) => byId.get(id))).toEqual(before);
    expect((await register(second, "jim", "a")).kind).toBe("created");
    for (const id of ["a", "b", "c", "d"])
      expect((await register(second, "joe", id)).kind, id).toBe("invalid_invite");
    const after = await second.invites.list();
    await second.close();
    const back = join(await makeFolder(), "back");
    await copyStore({ from: place.url, to: back, warn: () => {} });
    expect(await checkFolder(back)).toMatchObject({ ok: true, accounts: 4 });
    const third = await openJsonStore({ dir: back, warn: () => {} });
    expect(await third.invites.list()).toEqual(after);
    expect((await register(third, "joe", "a")).kind).toBe("invalid_invite");
    await third.close();
    expect(await readFile(join(back, "ledger.jsonl"), "utf8")).toContain('"version":2');
  });

  it("are not merged by a copy into a database that holds others", async () => {
    const store = await openPostgres();
    await store.invites.create([invite("a")]);
    await store.close();
    const dir = join(await makeFolder(), "first");
    await (await openJsonStore({ dir, warn: () => {} })).close();
    const copy = copyStore({ from: dir, to: place.url, warn: () => {} });
    await expect(copy).rejects.toThrow("holds invitations already");
  });

  it("make a copy fail whose source has other uses than accounts", async () => {
    const store = await openPostgres();
    await store.invites.create([invite("a", { uses: 3 })]);
    await register(store, "jane", "a");
    await store.close();
    await place.query("UPDATE chat_invites SET used = 2");
    const copy = copyStore({ from: place.url, to: join(await makeFolder(), "back"), warn: () => {} });
    await expect(copy).rejects.toThrow("the invitation a differs");
  });
});
