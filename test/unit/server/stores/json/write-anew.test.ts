import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Store } from "../../../../../src/server/core/store.ts";
import { checkFolder } from "../../../../../src/server/stores/json/check.ts";
import { createFaultyFiles, killedAfter, systemError } from "./faulty-files.ts";
import { contentOf, disks, fillFolder, makeFolder, openStore, START } from "./place.ts";

const read = (dir: string, name = "ledger.jsonl") => readFile(join(dir, name), "utf8");
const unsealed = (ledger: string) => ledger.replaceAll(/,"crc":"[0-9a-f]{8}"\}/g, "}");
const versionOf = async (dir: string) => /"version":(\d)/.exec(await read(dir))?.[1];

const noLocks = { recursive: true, filter: (path: string) => !path.includes("lock.") };

/** A closed folder of version 1 with a fact of every kind. */
async function makeFilled(): Promise<string> {
  const dir = await makeFolder();
  await fillFolder(dir);
  return dir;
}

async function chargeJane({ accounts, ledger }: Store, id: string, model: string): Promise<void> {
  const { id: account } = (await accounts.byName("jane"))!;
  await ledger.hold({ id, account, digest: "d", price: 30, model, expires: START + 1000 });
  expect((await ledger.charge(id)).kind).toBe("charged");
}

const tokens = async ({ accounts, ledger }: Store) =>
  (await ledger.balance((await accounts.byName("jane"))!.id)).tokens;

describe("a ledger of version 1", () => {
  it("stays as it is without models, and its charges name none", async () => {
    const dir = await makeFilled();
    const before = await contentOf(dir);
    const { store } = await openStore(dir);
    expect(await contentOf(dir)).toEqual(before);
    await chargeJane(store, "h9", "large");
    expect(await read(dir)).toContain('"version":1');
    expect(await read(dir)).not.toMatch(/model|large/);
  });

  it("is written anew with models: its id, its time and all of its lines stay", async () => {
    const dir = await makeFilled();
    const before = unsealed(await read(dir));
    const { store, warnings } = await openStore(dir, { models: true });
    const feature = '{"n":9,"at":"2026-11-22T10:00:00.000Z","fact":"feature","feature":"models"}\n';
    const after = before.replace('"version":1', '"version":2') + feature;
    expect(unsealed(await read(dir))).toBe(after);
    expect(await checkFolder(dir)).toMatchObject({ ok: true, lines: 10, tokens: 3850 });
    await chargeJane(store, "h9", "large");
    expect(await read(dir)).toMatch(
      /"fact":"charge".*"id":"h9","tokens":-30,"model":"large","balance":3820,/,
    );
    expect(warnings).toEqual([expect.stringContaining("version 2")]);
  });

  it("is written anew once; from then on charges name their model with models and without", async () => {
    const dir = await makeFilled();
    for (const [count, models] of [true, true, false].entries()) {
      const { store } = await openStore(dir, { models });
      await chargeJane(store, `h${10 + count}`, "large");
      await store.close();
    }
    const ledger = await read(dir);
    expect(ledger.match(/"feature"/g)).toHaveLength(2);
    expect(ledger.match(/"model":"large"/g)).toHaveLength(3);
    expect(await checkFolder(dir)).toMatchObject({ ok: true, lines: 13, tokens: 3760 });
  });

  it("becomes version 2 in an empty folder, without a warning", async () => {
    const dir = await makeFolder();
    const { warnings } = await openStore(dir, { models: true });
    expect(await versionOf(dir)).toBe("2");
    expect(warnings).toEqual([]);
  });

  it("is written anew as far as it is whole", async () => {
    const dir = await makeFilled();
    const ledger = await read(dir);
    await rm(join(dir, "accounts.json"));
    await writeFile(join(dir, "ledger.jsonl"), `${ledger}{"n":9,"at"`);
    const { warnings } = await openStore(dir, { models: true });
    expect(warnings[0]).toContain("line 10");
    expect(await checkFolder(dir)).toMatchObject({ ok: true, lines: 10, tokens: 3850 });
  });

  it("gets the line again that names the feature if that was cut off", async () => {
    const dir = await makeFilled();
    await (await openStore(dir, { models: true })).store.close();
    const ledger = await read(dir);
    await rm(join(dir, "accounts.json"));
    await writeFile(join(dir, "ledger.jsonl"), ledger.slice(0, ledger.indexOf('{"n":9')));
    const { store } = await openStore(dir);
    await chargeJane(store, "h9", "large");
    expect(await read(dir)).toBe(ledger + (await read(dir)).slice(ledger.length));
    expect(await checkFolder(dir)).toMatchObject({ ok: true, lines: 11 });
  });
});

describe.each(disks)("a start with models on $name", ({ files: on }) => {
  it("may be killed at any call: the ledger is the old one or the new one, and whole", async () => {
    const original = await makeFilled();
    const versions: (string | undefined)[] = [];
    for (let step = 0, ended = false; !ended; step += 1) {
      const [dir, left] = [await makeFolder(), await makeFolder()];
      await cp(original, dir, noLocks);
      const { files, reached, kill } = killedAfter(step, on);
      const opening = openStore(dir, { files, models: true });
      ended = await Promise.race([opening.then(() => true), reached]);
      // What a kill at this moment leaves, without the lock, which it releases.
      await cp(dir, left, noLocks);
      kill();
      await opening.catch(() => {});
      versions.push(await versionOf(left));
      expect(await checkFolder(left), `${step}`).toMatchObject({ ok: true, tokens: 3850 });
      const { store } = await openStore(left, { models: true });
      expect(await tokens(store), `${step}`).toBe(3850);
      await chargeJane(store, "h9", "large");
      expect(await checkFolder(left), `${step}`).toMatchObject({ ok: true, lines: 11, tokens: 3820 });
      await store.close();
    }
    const switched = versions.indexOf("2");
    expect(switched).toBeGreaterThan(10);
    expect(versions.slice(switched)).toEqual(versions.slice(switched).map(() => "2"));
    expect(versions.length - switched).toBeGreaterThan(5);
  });

  it("is refused if the new ledger cannot be written, and changes nothing", async () => {
    for (const call of ["open", "write", "sync", "rename"]) {
      const dir = await makeFilled();
      const before = await contentOf(dir);
      const files = createFaultyFiles(on, (made, file) =>
        made === call && file === (call === "rename" ? "ledger.jsonl" : "ledger.jsonl.new")
          ? systemError("ENOSPC")
          : undefined,
      );
      await expect(openStore(dir, { files, models: true }), call).rejects.toThrow(/ENOSPC/);
      expect(await contentOf(dir), call).toEqual(before);
    }
  });

  it("is refused if the new ledger is not what was written", async () => {
    const dir = await makeFilled();
    const before = await contentOf(dir);
    const files = createFaultyFiles(on, () => undefined);
    const open: typeof files.open = async (path, flags, mode) => {
      const file = await files.open(path, flags, mode);
      const write: typeof file.write = (bytes, offset, length, position) => {
        const harmed = Buffer.from(bytes.subarray(offset, offset + length));
        harmed[20] = (harmed[20] ?? 0) ^ 1;
        return file.write(harmed, 0, length, position);
      };
      return path.endsWith("ledger.jsonl.new") ? { ...file, write } : file;
    };
    await expect(openStore(dir, { files: { ...files, open }, models: true })).rejects.toThrow(
      "not what was written",
    );
    expect(await contentOf(dir)).toEqual(before);
  });
});
