import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { pseudonymOf, type Act } from "../../../../../src/server/core/operations.ts";
import type { AccountId } from "../../../../../src/server/core/ports.ts";
import type { Store } from "../../../../../src/server/core/store.ts";
import { checkFolder } from "../../../../../src/server/stores/json/check.ts";
import { SOON } from "../../../../../src/server/stores/json/periodic.ts";
import { createFaultyFiles, killedAfter, systemError } from "./faulty-files.ts";
import { contentOf, disks, fillFolder, makeFolder, openStore, START } from "./place.ts";

const act: Act = { reason: "asked for it", by: "ops" };
const none: Act = { reason: null, by: null };

const read = (dir: string, name = "ledger.jsonl") => readFile(join(dir, name), "utf8");
const unsealed = (ledger: string) => ledger.replaceAll(/,"crc":"[0-9a-f]{8}"\}/g, "}");
const noLocks = { recursive: true, filter: (path: string) => !path.includes("lock.") };
const checkpointIn = async (dir: string) =>
  JSON.parse(await read(dir, "accounts.json")) as Record<string, unknown>;

/** The facts of a ledger as they are written, less what every line has. */
async function factsIn(dir: string): Promise<Record<string, unknown>[]> {
  const lines = (await read(dir)).trimEnd().split("\n").slice(1);
  return lines.map((line) => {
    const {
      n: _n,
      at: _at,
      account: _account,
      crc: _crc,
      ...fact
    } = JSON.parse(line) as Record<string, unknown>;
    return fact;
  });
}

/** A closed folder of version 1 with a fact of every kind. */
async function makeFilled(): Promise<string> {
  const dir = await makeFolder();
  await fillFolder(dir);
  return dir;
}

async function create({ accounts }: Store, name: string, tokens = 1000): Promise<AccountId> {
  const made = await accounts.create({ name, passwordHash: "$2b$", tokens });
  if (made.kind !== "created") throw new Error(made.kind);
  return made.account.id;
}

const idOf = async ({ accounts }: Store, name = "jane") => (await accounts.byName(name))!.id;

async function ask({ ledger }: Store, account: AccountId, id: string): Promise<string> {
  await ledger.hold({ id, account, digest: "d", price: 30, model: "large", expires: START + 1000 });
  return (await ledger.charge(id)).kind;
}

describe("the ledger", () => {
  it("states each act with its reason and by whom, in this form", async () => {
    const dir = await makeFolder();
    const { store } = await openStore(dir);
    const { operations, ledger } = store;
    const account = await create(store, "jane", 1000);
    await ledger.grant({ id: "g1", account, tokens: 5, reason: "thanks" });
    await ledger.grant({ id: "g2", account, tokens: 5, reason: "thanks", by: "ops" });
    await operations.take({ id: "t1", account, tokens: 2000, ...act });
    await operations.take({ id: "t2", account, tokens: 1, ...none });
    await operations.setDisabled(account, true, act);
    await operations.setPassword(account, "$2b$new", none);
    await operations.rename(account, "joan", act);
    await operations.remove(account, act);
    const pseudonym = pseudonymOf(account);
    expect((await factsIn(dir)).slice(1)).toEqual([
      { fact: "grant", name: "jane", id: "g1", tokens: 5, reason: "thanks", balance: 1005 },
      { fact: "feature", feature: "models" },
      { fact: "feature", feature: "operator" },
      { fact: "grant", name: "jane", id: "g2", tokens: 5, reason: "thanks", by: "ops", balance: 1010 },
      { fact: "take", name: "jane", id: "t1", tokens: -1010, asked: 2000, ...act, balance: 0 },
      { fact: "take", name: "jane", id: "t2", tokens: 0, asked: 1, ...none, balance: 0 },
      { fact: "disabled", name: "jane", disabled: true, ...act, balance: 0 },
      { fact: "password", name: "jane", hash: "$2b$new", generation: 2, ...none, balance: 0 },
      { fact: "renamed", name: "joan", from: "jane", ...act, balance: 0 },
      { fact: "deleted", name: pseudonym, ...act, balance: 0 },
    ]);
    await store.close();
    expect(await checkFolder(dir)).toMatchObject({ ok: true, tokens: 0 });
  });

  it("stays as it was without an act: a plain grant, a look, and what is refused need no version 2", async () => {
    const dir = await makeFilled();
    const { store } = await openStore(dir);
    await store.ledger.grant({ id: "g2", account: await idOf(store), tokens: 5, reason: "" });
    await store.close();
    const before = await contentOf(dir);
    const { store: again } = await openStore(dir);
    const { operations } = again;
    const { username, id } = (await operations.account("jane"))!;
    for await (const page of operations.accounts()) expect(page).toHaveLength(1);
    expect(await operations.rename(id, username, act)).toEqual({ kind: "repeated" });
    expect(await operations.setDisabled(id, true, act)).toEqual({ kind: "repeated" });
    expect(await operations.take({ id: "g2", account: id, tokens: 5, ...act })).toEqual({ kind: "id_taken" });
    expect(await operations.remove("nobody", act)).toEqual({ kind: "unknown" });
    await again.close();
    expect(await contentOf(dir)).toEqual(before);
    expect(before["ledger.jsonl"]).toBeDefined();
    expect(await read(dir)).toContain('"version":1');
  });

  it.each(["one after the other", "at once"])(
    "names the feature before an id is given to a second account, %s",
    async (how) => {
      const dir = await makeFolder();
      const { store, warnings } = await openStore(dir);
      const ids = [await create(store, "jane"), await create(store, "john"), await create(store, "jill")];
      const give = (account: AccountId) =>
        store.ledger.grant({ id: "june", account, tokens: 5, reason: "thanks" });
      const told = how === "at once" ? await Promise.all(ids.map(give)) : [];
      if (how !== "at once") for (const id of ids) told.push(await give(id));
      expect(told.map(({ kind }) => kind)).toEqual(["granted", "granted", "granted"]);
      const facts = await factsIn(dir);
      const named = facts.findIndex(({ feature }) => feature === "operator");
      const grants = facts.flatMap(({ fact }, at) => (fact === "grant" ? [at] : []));
      expect(grants.filter((at) => at < named).length).toBeLessThanOrEqual(1);
      expect(facts.filter(({ fact, by }) => fact === "grant" && by === null)).toHaveLength(2);
      expect(facts.filter(({ feature }) => feature === "operator")).toHaveLength(1);
      expect(warnings).toEqual([expect.stringContaining("its operator does to accounts")]);
      await store.close();
      expect(await checkFolder(dir)).toMatchObject({ ok: true, tokens: 3015 });
    },
  );
});

describe("the first act in a ledger of version 1", () => {
  it("writes it anew as version 2 while the server runs; all lines stay, charges at the same time too", async () => {
    const dir = await makeFilled();
    const before = unsealed(await read(dir)).replace('"version":1', '"version":2');
    const { store, warnings } = await openStore(dir);
    const id = await idOf(store);
    const charges = Promise.all(["a1", "a2", "a3"].map((hold) => ask(store, id, hold)));
    const acts = Promise.all([
      store.operations.setDisabled(id, false, act),
      store.operations.take({ id: "t1", account: id, tokens: 50, ...act }),
      store.invites.create([{ id: "i1", digest: "d1", tokens: null, uses: 1, expires: START + 1000 }]),
    ]);
    const later = Promise.all(["b1", "b2"].map((hold) => ask(store, id, hold)));
    expect((await acts).map(({ kind }) => kind)).toEqual(["done", "taken", "created"]);
    expect([...(await charges), ...(await later)]).toEqual(Array(5).fill("charged"));
    const ledger = unsealed(await read(dir));
    expect(ledger.startsWith(before)).toBe(true);
    for (const feature of ["models", "operator", "invites"])
      expect(ledger.split(`"fact":"feature","feature":"${feature}"`)).toHaveLength(2);
    expect(warnings).toEqual([expect.stringContaining("version 2")]);
    await store.close();
    expect(await checkFolder(dir)).toMatchObject({ ok: true, tokens: 3850 - 150 - 50 });
    expect(await checkpointIn(dir)).toMatchObject({
      features: expect.arrayContaining(["models", "operator"]),
      refills: [],
    });
    expect((await openStore(dir)).warnings).toEqual([]);
  });
});

describe.each(disks)("an act on $name", ({ files: on }) => {
  it("may be cut off by a kill at any call: the ledger is whole, and repeated it is made once", async () => {
    const original = await makeFilled();
    for (let step = 0, ended = false; !ended; step += 1) {
      const [dir, left] = [await makeFolder(), await makeFolder()];
      await cp(original, dir, noLocks);
      const { files, reached, kill, begin } = killedAfter(step, on, { waits: true });
      const { store } = await openStore(dir, { files });
      const id = await idOf(store);
      const acts = async ({ operations }: Store) => {
        await operations.take({ id: "t1", account: id, tokens: 50, ...act });
        await operations.rename(id, "joan", act);
        return operations.remove(id, act);
      };
      begin();
      const acting = acts(store);
      ended = await Promise.race([acting.then(() => true), reached]);
      await cp(dir, left, noLocks);
      kill();
      await acting.catch(() => {});
      await store.close();
      expect(await checkFolder(left), `${step}`).toMatchObject({ ok: true });
      const { store: next } = await openStore(left);
      await acts(next);
      expect(await next.operations.account(pseudonymOf(id)), `${step}`).toMatchObject({ tokens: 3800 });
      await next.close();
      expect(await checkFolder(left), `${step}`).toMatchObject({ ok: true, tokens: 3800 });
    }
  });

  it("that cannot be stored changes nothing, and what it was to take is free again", async () => {
    const dir = await makeFolder();
    let isFull = false;
    const files = createFaultyFiles(on, (call, file) =>
      isFull && call === "write" && file === "ledger.jsonl" ? systemError("ENOSPC") : undefined,
    );
    const { store } = await openStore(dir, { files, models: true });
    const { operations } = store;
    const id = await create(store, "jane", 1000);
    await operations.setDisabled(id, true, act);
    const before = await operations.account("jane");
    isFull = true;
    const acts = () => [
      operations.take({ id: "t1", account: id, tokens: 400, ...act }),
      operations.setDisabled(id, false, act),
      operations.rename(id, "joan", act),
      operations.setPassword(id, "$2b$new", act),
      operations.remove(id, act),
    ];
    for (const failed of acts()) await expect(failed).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await operations.account("jane")).toEqual(before);
    expect(await store.ledger.balance(id)).toEqual({ tokens: 1000, held: 0 });
    isFull = false;
    await expect.poll(() => store.ready(), { timeout: 10_000 }).toBe(true);
    const kinds = (await Promise.all(acts())).map(({ kind }) => kind);
    expect(kinds).toEqual(["taken", "done", "done", "done", "done"]);
    await store.close();
    expect(await checkFolder(dir)).toMatchObject({ ok: true, tokens: 600 });
  });
});

describe("what is written together with an act", () => {
  it("follows it or is refused, whichever of them was first", async () => {
    const dir = await makeFolder();
    const { store } = await openStore(dir);
    const { operations, accounts, ledger } = store;
    let granted = 0;
    for (let passed = 0; passed < 12; passed += 1) {
      const account = await create(store, `jane${passed}`, 1000);
      await ledger.hold({
        id: `h${passed}`,
        account,
        digest: "",
        price: 30,
        model: "m",
        expires: START + 1000,
      });
      const acts = [
        operations.rename(account, `joan${passed}`, act),
        operations.setDisabled(account, true, act),
        operations.remove(account, act),
      ];
      for (let turn = 0; turn < passed; turn += 1) await Promise.resolve();
      const others = [
        ledger.grant({ id: "g", account, tokens: 5, reason: "" }),
        ledger.charge(`h${passed}`),
        accounts.setPassword({ account, generation: 1, passwordHash: "$2b$own" }),
        accounts.revoke({ account, jti: "jti", expires: START + 1000 }),
      ];
      expect((await Promise.all(acts)).map((outcome) => outcome.kind)).toEqual(["done", "done", "done"]);
      const [grant, charge] = await Promise.all(others);
      if (grant && grant.kind === "granted") granted += 1;
      expect(charge).toMatchObject({ kind: "charged" });
    }
    await store.close();
    expect(await checkFolder(dir)).toMatchObject({ ok: true, tokens: 12 * 970 + 5 * granted });
  });

  it("knows the account or does not, if it is a grant, by what is durable", async () => {
    const dir = await makeFolder();
    const { store } = await openStore(dir);
    const { operations, ledger } = store;
    const give = async (account: AccountId) =>
      (await ledger.grant({ id: "g", account, tokens: 5, reason: "", by: "ops" })).kind;
    for (let passed = 0; passed < 8; passed += 1) {
      const account = await create(store, `jane${passed}`);
      const early = give(account);
      const removed = operations.remove(account, act);
      for (let turn = 0; turn < passed; turn += 1) await Promise.resolve();
      expect(await Promise.all([early, give(account)])).toEqual(["granted", "unknown"]);
      expect((await removed).kind).toBe("done");
      const ending = await create(store, `john${passed}`, 0);
      const gone = operations.remove(ending, act);
      for (let turn = 0; turn < passed; turn += 1) await Promise.resolve();
      await store.accounts.revoke({ account: ending, jti: "jti", expires: START + 1000 });
      expect((await gone).kind).toBe("done");
    }
    await store.close();
    expect(await checkFolder(dir)).toMatchObject({ ok: true, tokens: 8 * 1005 });
  });
});

describe("a deleted account", () => {
  it("is in no checkpoint of a running server a moment later", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const make = vi.fn<() => Promise<void>>(async () => {});
    const { store } = await openStore(await makeFilled(), { make });
    const jane = await idOf(store);
    await store.operations.setDisabled(jane, false, act);
    vi.advanceTimersByTime(SOON);
    expect(make).not.toHaveBeenCalled();
    await store.operations.remove(jane, act);
    vi.advanceTimersByTime(SOON);
    expect(make).toHaveBeenCalledTimes(1);
  });

  it("is in no file but the ledger, not even as a digest", async () => {
    const dir = await makeFilled();
    const { store } = await openStore(dir);
    const [jane, john] = [await idOf(store), await create(store, "john")];
    await ask(store, jane, "h9");
    await store.accounts.remember(jane, "home");
    await store.accounts.remember(john, "work");
    expect(await read(dir, "known-addresses.jsonl")).toContain(jane);
    await store.operations.remove(jane, act);
    expect(await read(dir, "known-addresses.jsonl")).not.toContain(jane);
    expect(await read(dir, "known-addresses.jsonl")).toContain(john);
    await store.close();
    const checkpoint = await read(dir, "accounts.json");
    for (const gone of ["Jane", "jane", "$2b$one", "$2b$two", "jti-1", "grant-1", "k".repeat(64)])
      expect(checkpoint).not.toContain(gone);
    expect(JSON.parse(checkpoint)).toMatchObject({ keys: [], revoked: [], grants: [] });
    expect(await read(dir)).toContain("$2b$one");
    expect(await checkFolder(dir)).toMatchObject({ ok: true });
  });

  it("has no known addresses after a kill before they were removed", async () => {
    const dir = await makeFolder();
    const { store } = await openStore(dir);
    const id = await create(store, "jane");
    await store.accounts.remember(id, "home");
    const known = await read(dir, "known-addresses.jsonl");
    await store.operations.remove(id, act);
    await store.close();
    await writeFile(join(dir, "known-addresses.jsonl"), known);
    const { store: next } = await openStore(dir);
    expect(await next.accounts.knows(id, "home")).toBe(false);
    expect(await read(dir, "known-addresses.jsonl")).toBe("");
  });

  it("that is charged after a checkpoint without its keys starts as with them", async () => {
    const dir = await makeFolder();
    const { store } = await openStore(dir);
    const account = await create(store, "jane");
    const key = { key: "k".repeat(64), digest: "d", price: 30, model: "m", expires: START + 1000 };
    await store.ledger.hold({ id: "h1", account, ...key });
    await store.ledger.charge("h1");
    expect((await store.ledger.hold({ id: "h2", account, ...key })).kind).toBe("paid");
    const late = { ...key, key: "l".repeat(64) };
    expect((await store.ledger.hold({ id: "h3", account, ...late })).kind).toBe("held");
    await store.operations.remove(account, act);
    const early = await makeFolder();
    await cp(dir, early, noLocks);
    await (await openStore(early)).store.close();
    expect((await store.ledger.charge("h2")).kind).toBe("charged");
    expect((await store.ledger.charge("h3")).kind).toBe("charged");
    await store.close();
    expect(await checkFolder(dir)).toMatchObject({ ok: true, tokens: 940 });
    // A checkpoint of between.
    await cp(join(early, "accounts.json"), join(dir, "accounts.json"));
    expect(await checkpointIn(dir)).toMatchObject({ keys: [], lines: 6 });
    expect(await checkFolder(dir)).toMatchObject({ ok: true, tokens: 940 });
    const { store: next } = await openStore(dir);
    expect(await next.operations.account(pseudonymOf(account))).toMatchObject({ tokens: 940, used: 60 });
  });
});
