import { cp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Store } from "../../../../../src/server/core/store.ts";
import { checkFolder } from "../../../../../src/server/stores/json/check.ts";
import { compactFolder } from "../../../../../src/server/stores/json/compact.ts";
import { createJsonReader } from "../../../../../src/server/stores/json/read-facts.ts";
import { openFolder } from "../../../../../src/server/stores/json/read-in-folder.ts";
import { createFaultyFiles, killedAfter, systemError } from "./faulty-files.ts";
import { contentOf, fillFolder, localDisk, makeFolder, openStore, START } from "./place.ts";

const DAY = 86_400_000;
const act = { reason: null, by: null };
const noLocks = { recursive: true, filter: (path: string) => !path.includes("lock.") };

const read = (dir: string, name = "ledger.jsonl") => readFile(join(dir, name), "utf8");
const check = (dir: string, now = START) => checkFolder(dir, { now: () => now });
/** The files of a folder, with their sizes and second names. */
async function sizesOf(dir: string): Promise<string> {
  const names = (await readdir(dir)).toSorted();
  const sizes = names.map(async (name) => {
    const { size, nlink } = await stat(join(dir, name));
    return `${name} ${size} ${nlink}`;
  });
  return (await Promise.all(sizes)).join("\n");
}

const isCompacted = async (dir: string) => (await read(dir)).includes('"compacted"');

async function compact(dir: string, more: Partial<Parameters<typeof compactFolder>[1]> = {}) {
  const warnings: string[] = [];
  const done = await compactFolder(dir, { now: START, warn: (said) => warnings.push(said), ...more });
  expect(warnings).toEqual([]);
  return done;
}

/** A closed folder with a fact of every kind: 8 facts, 3,850 tokens. */
async function makeFilled(): Promise<string> {
  const dir = await makeFolder();
  await fillFolder(dir);
  return dir;
}

async function register({ accounts }: Store, name: string): Promise<string> {
  const made = await accounts.create({ name, passwordHash: `$2b$${name}`, tokens: 4000 });
  if (made.kind !== "created") throw new Error(made.kind);
  return made.account.id;
}

async function ask({ ledger }: Store, account: string, id: string, model: string): Promise<void> {
  await ledger.hold({ id, account, digest: "d", price: 30, model, expires: Number.MAX_SAFE_INTEGER });
  expect((await ledger.charge(id)).kind).toBe("charged");
}

async function factsOf(dir: string, account: string) {
  const reader = createJsonReader(await openFolder(dir));
  const facts = [];
  for await (const fact of reader.facts({ account })) facts.push(fact);
  return facts;
}

const useOf = async (dir: string, since: string) =>
  (await createJsonReader(await openFolder(dir)).use(since)).sort((a, b) =>
    a.day + a.model < b.day + b.model ? -1 : 1,
  );

describe("a compaction", () => {
  it("begins a new ledger with the state, and keeps the old one under another name", async () => {
    const dir = await makeFilled();
    const before = await read(dir);
    const [, id] = /"account":"([^"]+)"/.exec(before)!;
    const facts = await factsOf(dir, id!);
    const done = await compact(dir);
    expect(done).toMatchObject({ before: { lines: 9 }, after: { lines: 8 }, accounts: 1, tokens: 3850 });
    expect(await read(dir, "ledger-8.jsonl")).toBe(before);
    for (const name of ["ledger.jsonl", "ledger-8.jsonl"])
      expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600);
    const { ok, tokens, lines, notes, head } = await check(dir);
    expect({ ok, tokens, lines, head }).toEqual({ ok: true, tokens: 3850, lines: 8, head: done.head });
    expect(notes).toEqual([expect.stringContaining("ledger-8.jsonl")]);
    expect(await factsOf(dir, id!)).toMatchObject([
      {
        n: 15,
        fact: "opening",
        tokens: 3850,
        balance: 3850,
        reason: expect.stringContaining("ledger-8.jsonl"),
      },
    ]);
    const old = await makeFolder();
    await cp(join(dir, "ledger-8.jsonl"), join(old, "ledger.jsonl"));
    expect(await check(old)).toMatchObject({ ok: true, findings: [] });
    expect(await factsOf(old, id!)).toEqual(facts);
  });

  it("keeps days of use for 90 days, and months before, through several compactions", async () => {
    const [dir, twin] = [await makeFolder(), await makeFolder()];
    for (const place of [dir, twin])
      for (const [from, to] of [
        [0, 140],
        [150, 200],
      ] as const) {
        let now = START - (200 - from) * DAY;
        const { store } = await openStore(place, { models: true, now: () => now });
        const jane = (await store.accounts.byName("jane"))?.id ?? (await register(store, "jane"));
        for (let day = from; day <= to; day += 10) {
          now = START - (200 - day) * DAY;
          await ask(store, jane, `h${day}`, day % 20 === 0 ? "small" : "large");
          await ask(store, jane, `i${day}`, "small");
        }
        await store.close();
        if (place === dir) await compact(dir, { now });
      }
    const days = await useOf(twin, "2026-01-01");
    const oldest = new Date(START - 89 * DAY).toISOString().slice(0, 10);
    const use = await useOf(dir, "2026-01-01");
    expect(use.filter(({ day }) => day.length > 7)).toEqual(days.filter(({ day }) => day >= oldest));
    const months = use.filter(({ day }) => day.length === 7);
    for (const { day: month, model, ...sum } of months) {
      const of = days.filter((row) => row.day.startsWith(month) && row.day < oldest && row.model === model);
      const total = (field: "questions" | "tokens") => of.reduce((all, row) => all + row[field], 0);
      expect(sum).toEqual({ account: "jane", questions: total("questions"), tokens: total("tokens") });
    }
    expect(months.map(({ day }) => day)).toContain("2026-05");
    // A month in which the first day is counts whole, an earlier one not at all.
    expect((await useOf(dir, "2026-07-15")).map(({ day }) => day)).toEqual(
      use.map(({ day }) => day).filter((day) => day >= "2026-07"),
    );
    // Nor does the month in which the oldest day is, if only listed days are asked for.
    expect(await useOf(dir, oldest)).toEqual(days.filter(({ day }) => day >= oldest));
    expect((await check(dir)).ok).toBe(true);
  });

  it("leaves of deleted accounts only what their sums need, and no former name or hash of any", async () => {
    const dir = await makeFolder();
    const { store } = await openStore(dir);
    const [jane, john] = [await register(store, "secretjane"), await register(store, "secretjohn")];
    await ask(store, jane, "h1", "small");
    await store.ledger.grant({ id: "secretgrant", account: jane, tokens: 5, reason: "secret" });
    await store.operations.remove(jane, act);
    await store.operations.rename(john, "john", act);
    await store.operations.setPassword(john, "$2b$new", act);
    const before = await store.operations.account(`deleted#${jane}`);
    await store.close();
    await compact(dir);
    for (const name of ["ledger.jsonl", "accounts.json"]) expect(await read(dir, name)).not.toMatch(/secret/);
    const again = await openStore(dir);
    expect(await again.store.operations.account(`deleted#${jane}`)).toEqual(before);
    expect(await again.store.accounts.byName("secretjane")).toBeUndefined();
    expect((await again.store.accounts.byName("john"))?.passwordHash).toBe("$2b$new");
  });

  it("writes long lists in as many lines as it takes", async () => {
    const dir = await makeFolder();
    const { store } = await openStore(dir);
    const jane = await register(store, "jane");
    const give = (at: number) =>
      store.ledger.grant({ id: `${at} ${"ü".repeat(180)}`, account: jane, tokens: 1, reason: "" });
    for (let at = 0; at < 3000; at += 500)
      await Promise.all(Array.from({ length: 500 }, (_, i) => give(at + i)));
    await store.close();
    await compact(dir);
    expect((await read(dir)).match(/"fact":"kept"/g)?.length).toBeGreaterThan(1);
    const again = await openStore(dir);
    const repeated = await again.store.ledger.grant({
      id: `2999 ${"ü".repeat(180)}`,
      account: jane,
      tokens: 1,
      reason: "",
    });
    expect(repeated.kind).toBe("repeated");
  });

  it("of a ledger with a key keeps the key, and is refused without it", async () => {
    const [dir, other] = [await makeFolder(), await makeFolder()];
    const ledgerKey = join(other, "key");
    await writeFile(ledgerKey, "k".repeat(48), { mode: 0o600 });
    await fillFolder(dir, { ledgerKey });
    const before = await contentOf(dir);
    await expect(compact(dir)).rejects.toThrow("has a key, and none was named");
    expect(await contentOf(dir)).toEqual(before);
    const { head } = await compact(dir, { ledgerKey });
    expect(head).toMatch(/^[0-9a-f]{64}$/);
    expect(await checkFolder(dir, { now: () => START, ledgerKey })).toMatchObject({ ok: true, tokens: 3850 });
    await expect(check(dir)).rejects.toThrow("has a key, and none was named");
    const { warnings } = await openStore(dir, { ledgerKey });
    expect(warnings).toEqual([]);
    // Whoever does not have the key changes a balance, and the sum of the line.
    const forged = await makeFolder();
    await cp(dir, forged, noLocks);
    await rm(join(forged, "accounts.json"));
    await writeFile(
      join(forged, "ledger.jsonl"),
      (await read(dir)).replaceAll('"tokens":3850,"balance":3850', '"tokens":9850,"balance":9850'),
    );
    expect((await checkFolder(forged, { ledgerKey })).ok).toBe(false);
    const plain = await makeFilled();
    await expect(compact(plain, { ledgerKey })).rejects.toThrow("has no key, although one was named");
  });

  it("is refused while a server runs, on damage, and where a file has the name of the old ledger", async () => {
    const dir = await makeFilled();
    const { store } = await openStore(dir);
    await expect(compact(dir)).rejects.toMatchObject({ hint: expect.stringContaining("stop the server") });
    await store.close();
    await writeFile(join(dir, "ledger-8.jsonl"), "mine");
    const before = await contentOf(dir);
    await expect(compact(dir)).rejects.toThrow("ledger-8.jsonl exists already");
    expect(await contentOf(dir)).toEqual(before);
    await rm(join(dir, "ledger-8.jsonl"));
    await writeFile(join(dir, "ledger.jsonl"), (await read(dir)).replace('"tokens":50', '"tokens":51'));
    await expect(compact(dir)).rejects.toThrow("ledger.jsonl, line 3");
    await expect(compact(await makeFolder())).rejects.toThrow("There is no store");
  });
});

describe("a compaction that fails", () => {
  it("may be killed at any call: the ledger is the old one or the new one, and whole", async () => {
    const original = await makeFilled();
    const old = await read(original);
    const states: boolean[] = [];
    const seen = new Set<string>();
    for (let step = 0, ended = false; !ended; step += 1) {
      const [dir, left] = [await makeFolder(), await makeFolder()];
      await cp(original, dir, noLocks);
      const { files, reached, kill } = killedAfter(step, localDisk.files);
      const compacting = compact(dir, { files });
      ended = await Promise.race([compacting.then(() => true), reached]);
      // What a kill at this moment leaves, without the lock, which it releases.
      await cp(dir, left, noLocks);
      kill();
      await compacting.catch(() => {});
      for (const place of [left, dir]) {
        states.push(await isCompacted(place));
        expect(await read(place, states.at(-1) ? "ledger-8.jsonl" : "ledger.jsonl"), `${step}`).toBe(old);
        // Most calls change nothing: what one kill leaves is what the one before it left.
        const sizes = await sizesOf(place);
        if (seen.has(sizes)) continue;
        seen.add(sizes);
        expect(await check(place), `${step}`).toMatchObject({ ok: true, tokens: 3850 });
        // Only the copy has a file where there was a second name.
        if (place === left) await rm(join(left, "ledger-8.jsonl"), { force: true });
        const { store } = await openStore(place);
        const jane = (await store.accounts.byName("jane"))!.id;
        expect((await store.ledger.balance(jane)).tokens).toBe(3850);
        const given = { id: "grant-1", account: jane, tokens: 50, reason: "" };
        expect((await store.ledger.grant(given)).kind).toBe("repeated");
        await store.close();
        await compact(place);
        expect(await check(place), `${step}`).toMatchObject({ ok: true, tokens: 3850 });
      }
    }
    expect(seen.size).toBeGreaterThan(12);
    expect(states.filter((state) => state).length).toBeGreaterThan(5);
    expect(states.filter((state) => !state).length).toBeGreaterThan(20);
  });

  it("changes nothing if the disk is full, and says how much it needs", async () => {
    for (const call of ["open", "write", "sync", "rename", "link"]) {
      const dir = await makeFilled();
      const before = await contentOf(dir);
      const file = call === "rename" || call === "link" ? "ledger.jsonl" : "ledger.jsonl.new";
      const files = createFaultyFiles(localDisk.files, (made, name) =>
        made === call && (name === file || call === "link") ? systemError("ENOSPC") : undefined,
      );
      await expect(compact(dir, { files }), call).rejects.toThrow(
        call === "write" ? /no room .* at least 1 MiB/ : /ENOSPC/,
      );
      expect(await contentOf(dir), call).toEqual(before);
    }
  });

  it("is discarded when it is interrupted", async () => {
    const dir = await makeFilled();
    const before = await contentOf(dir);
    const ending = new AbortController();
    const files = createFaultyFiles(localDisk.files, (call) => {
      if (call === "write") ending.abort(new Error("stop"));
      return undefined;
    });
    await expect(compact(dir, { files, signal: ending.signal })).rejects.toThrow("stop");
    expect(await contentOf(dir)).toEqual(before);
  });
});

describe("an older ledger beside a newer checkpoint", () => {
  it("is refused, and the price of going on with it is named", async () => {
    const dir = await makeFilled();
    const old = await read(dir);
    const { store } = await openStore(dir);
    const john = await register(store, "john");
    await ask(store, john, "h8", "small");
    await ask(store, john, "h9", "small");
    await store.ledger.grant({ id: "g", account: john, tokens: 7, reason: "" });
    await store.close();
    await writeFile(join(dir, "ledger.jsonl"), old);
    const error = await openStore(dir).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^ledger\.jsonl: it has \d+ bytes, but accounts\.json/),
      hint: expect.stringMatching(
        /after its fact 8 is lost, .* at least 4 facts: 60 tokens that were charged, 4,007 tokens that were given, and 1 new account/,
      ),
    });
    expect((await check(dir)).findings).toMatchObject([{ repair: expect.stringContaining("60 tokens") }]);
    // The steps that it names.
    await rename(join(dir, "accounts.json"), join(dir, "accounts.json.newer"));
    const again = await openStore(dir);
    expect(await again.store.accounts.byName("john")).toBeUndefined();
  });

  it("is recognised if the newer one continues it", async () => {
    const dir = await makeFilled();
    await compact(dir);
    const { store } = await openStore(dir);
    const jane = (await store.accounts.byName("jane"))!.id;
    await ask(store, jane, "h9", "small");
    await store.close();
    await cp(join(dir, "ledger-8.jsonl"), join(dir, "ledger.jsonl"));
    await expect(openStore(dir)).rejects.toMatchObject({
      message: expect.stringContaining("was made from a later ledger"),
      hint: expect.stringMatching(/after its fact 8 is lost.*30 tokens that were charged, 0 tokens/),
    });
  });

  it("is no such ledger if it is another one, or the checkpoint knows of more than what was compacted", async () => {
    const [dir, grown] = [await makeFilled(), await makeFolder()];
    await cp(dir, grown, noLocks);
    const { store } = await openStore(grown);
    await register(store, "john");
    await store.close();
    await compact(dir);
    await cp(join(grown, "accounts.json"), join(dir, "accounts.json"));
    await expect(openStore(dir)).rejects.toThrow("made from another ledger.jsonl");
  });
});
