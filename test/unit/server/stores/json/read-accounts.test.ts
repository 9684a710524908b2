import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { AccountRow } from "../../../../../src/server/core/operations.ts";
import { KeyError } from "../../../../../src/server/stores/json/key.ts";
import { acquireLock, askHolderLines } from "../../../../../src/server/stores/json/lock.ts";
import {
  findInFolder,
  listInFolder,
  openFolder,
} from "../../../../../src/server/stores/json/read-in-folder.ts";
import { contentOf, fillFolder, makeFolder, openStore, START } from "./place.ts";

const NOBODY = { reason: null, by: null };

const list = async (dir: string, ledgerKey?: string) => listInFolder(await openFolder(dir, { ledgerKey }));
const find = async (dir: string, name: string) => findInFolder(await openFolder(dir), name);

const byName = (rows: AccountRow[]) => rows.sort((a, b) => a.username.localeCompare(b.username));

/** A store with Jane, john and the deleted mary. */
async function open(more: Parameters<typeof openStore>[1] = {}) {
  const dir = await makeFolder();
  await fillFolder(dir, more);
  const { store } = await openStore(dir, more);
  for (const name of ["john", "mary"]) await store.accounts.create({ name, passwordHash: "x", tokens: 500 });
  const mary = (await store.accounts.byName("mary"))?.id ?? "";
  await store.operations.remove(mary, NOBODY);
  return { dir, store, mary };
}

const jane = {
  id: expect.any(String),
  username: "Jane",
  tokens: 3850,
  held: 0,
  used: 200,
  created: START,
  lastQuestion: START,
  disabled: true,
  due: 0,
};
const john = { ...jane, username: "john", tokens: 500, used: 0, lastQuestion: null, disabled: false };

describe("the accounts of a folder", () => {
  it("are the same from the open store and from its files, of which none is changed", async () => {
    const { dir, store, mary } = await open();
    expect(byName(await list(dir))).toEqual([jane, john]);
    expect(await find(dir, "JANE")).toEqual({ ...jane, apiKeys: 0 });
    expect(await find(dir, `deleted#${mary}`)).toMatchObject({ tokens: 500, disabled: true });
    await store.close();
    const before = await contentOf(dir);
    expect(byName(await list(dir))).toEqual([jane, john]);
    expect(await find(dir, "JANE")).toEqual({ ...jane, apiKeys: 0 });
    expect(await find(dir, `deleted#${mary}`)).toMatchObject({ tokens: 500, disabled: true });
    for (const name of ["mary", "", "x".repeat(100_000)]) expect(await find(dir, name)).toBeUndefined();
    expect(await contentOf(dir)).toEqual(before);
  });

  it("show what their open questions hold", async () => {
    const { dir, store } = await open();
    const account = (await store.accounts.byName("john"))?.id ?? "";
    const question = { id: "q", account, digest: "", price: 30, model: "small" };
    await store.ledger.hold({ ...question, expires: START * 2 });
    expect(await find(dir, "john")).toEqual({ ...john, held: 30, apiKeys: 0 });
    await store.close();
    expect(await find(dir, "john")).toEqual({ ...john, apiKeys: 0 });
  });

  it("are asked for with the key of the ledger", async () => {
    const ledgerKey = join(await makeFolder(), "key");
    await writeFile(ledgerKey, Buffer.alloc(48, 1), { mode: 0o600 });
    const { dir, store } = await open({ ledgerKey });
    expect(await list(dir, ledgerKey)).toHaveLength(2);
    await expect(list(dir)).rejects.toThrow(KeyError);
    await store.close();
    expect(await list(dir, ledgerKey)).toHaveLength(2);
    await expect(list(dir)).rejects.toThrow(KeyError);
    const plain = await open();
    await plain.store.close();
    await expect(list(plain.dir, ledgerKey)).rejects.toThrow(/has no key/);
  });

  it("come page by page", async () => {
    const { dir, store } = await open();
    const names = Array.from({ length: 1000 }, (_, at) => `student${at}`);
    await Promise.all(names.map((name) => store.accounts.create({ name, passwordHash: "x", tokens: 1 })));
    const lines = await askHolderLines(dir, { accounts: true });
    const pages: number[] = [];
    for await (const line of lines ?? [])
      pages.push((line as { accounts?: AccountRow[] }).accounts?.length ?? 0);
    // The last line says that they are all.
    expect(pages).toEqual([200, 200, 200, 200, 200, 2, 0]);
    expect((await list(dir)).map(({ username }) => username)).toEqual(["Jane", "john", ...names]);
  });

  it("are read from the files if the process ends in the middle of its answer", async () => {
    const { dir, store } = await open();
    await store.close();
    const lock = await acquireLock(dir);
    lock.serve(async () =>
      (async function* () {
        yield { accounts: [{ ...john, id: "john" }] };
        void lock.release();
        yield { accounts: [] };
      })(),
    );
    expect(byName(await list(dir))).toEqual([jane, john]);
  });

  it("are refused with words by a server of another version", async () => {
    const { dir, store } = await open();
    await store.close();
    const lock = await acquireLock(dir);
    onTestFinished(() => lock.release());
    const state: { answer: unknown } = {
      answer: { error: { code: "other", detail: "It does not know this." } },
    };
    lock.serve(async () => state.answer);
    await expect(list(dir)).rejects.toThrow(/could not do this\. It does not know this\./);
    await expect(find(dir, "jane")).rejects.toThrow(/It does not know this\./);
    state.answer = { accounts: [{ username: "jane" }] };
    await expect(list(dir)).rejects.toThrow(/does not know its answer/);
  });

  it("are refused where there is no store", async () => {
    await expect(list(await makeFolder())).rejects.toThrow(/There is no store in/);
  });
});
