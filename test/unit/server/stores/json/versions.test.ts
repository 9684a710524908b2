import { createHash } from "node:crypto";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { copyStore } from "../../../../../src/server/stores/copy.ts";
import { checkFolder } from "../../../../../src/server/stores/json/check.ts";
import { Damage } from "../../../../../src/server/stores/json/damage.ts";
import type { Line } from "../../../../../src/server/stores/json/facts.ts";
import { factLine } from "../../../../../src/server/stores/json/line.ts";
import { contentOf, fillFolder, makeFolder, openStore, START } from "./place.ts";

const read = (dir: string, name = "ledger.jsonl") => readFile(join(dir, name), "utf8");

async function makeFilled(more: { models?: boolean } = {}): Promise<string> {
  const dir = await makeFolder();
  await fillFolder(dir, more);
  return dir;
}

/** Changes the checkpoint together with its checksum. */
async function change(dir: string, by: (text: string) => string): Promise<void> {
  const text = await read(dir, "accounts.json");
  const body = by(text.slice(0, text.lastIndexOf(',"checksum"')));
  expect(text).not.toContain(body);
  const sum = createHash("sha256").update(body).digest("hex");
  await writeFile(join(dir, "accounts.json"), `${body},"checksum":"${sum}"}\n`);
}

/** A fact after the last line of the ledger. */
async function append(dir: string, fact: unknown): Promise<void> {
  const ledger = await read(dir);
  const crc = Number.parseInt(ledger.slice(-11, -3), 16);
  await writeFile(join(dir, "ledger.jsonl"), `${ledger}${factLine(fact as Line, crc).text}\n`);
}

describe("a checkpoint", () => {
  it("of version 2 does not give the plain sum, so that an older ai-chat reads line 1 and refuses", async () => {
    const dir = await makeFilled({ models: true });
    const checkpoint = JSON.parse(await read(dir, "accounts.json")) as Record<string, unknown>;
    const ledger = await readFile(join(dir, "ledger.jsonl"));
    const sum = createHash("sha256").update(ledger).digest("hex");
    expect(checkpoint).toMatchObject({ version: 1, length: ledger.length, features: ["models"] });
    expect(checkpoint["sha256"]).not.toBe(sum);
    expect(checkpoint["sha256"]).toContain(sum);
  });

  it("of an older ai-chat, which does not say what keys cost, is checked and not used", async () => {
    const dir = await makeFilled();
    await change(dir, (text) => text.replace(',"cost":100', ""));
    expect(await read(dir, "accounts.json")).not.toContain("cost");
    expect(await checkFolder(dir, { now: () => START })).toMatchObject({ ok: true, findings: [] });
    const { store } = await openStore(dir);
    const { id: account } = (await store.accounts.byName("jane"))!;
    const question = { id: "x", account, key: "k".repeat(64), digest: "d".repeat(64), price: 5, model: "m" };
    expect(await store.ledger.hold({ ...question, expires: START + 1000 })).toMatchObject({ cost: 100 });
    await store.close();
    await change(dir, (text) => text.replace(',"cost":100', "").replace('"tokens":3850', '"tokens":9'));
    expect((await checkFolder(dir, { now: () => START })).ok).toBe(false);
  });

  it("of an ai-chat from before operators is checked and not used, whatever it has copied", async () => {
    const dir = await makeFilled();
    const { store } = await openStore(dir);
    const before = await store.operations.account("jane");
    expect(before).toMatchObject({ used: 200, created: START, lastQuestion: START });
    await store.close();
    // It keeps what it finds in an account, without knowing what it means.
    await change(dir, (text) =>
      text.replace(/,"more":\[\[[^\]]*\]\]/, "").replace('"tokens":3850', '"tokens":3850,"used":9'),
    );
    expect(await checkFolder(dir, { now: () => START })).toMatchObject({ ok: true, findings: [] });
    const { store: again } = await openStore(dir);
    expect(await again.operations.account("jane")).toEqual(before);
    await again.close();
    expect(await read(dir, "accounts.json")).toContain(`"more":[[${START},${START},200,null]]`);
  });

  it("of an ai-chat from before the models of days is checked and not used", async () => {
    const dir = await makeFilled({ models: true });
    const withoutModels = (text: string) =>
      text.replace(/,"dayModels":\[[^\]]*\]/, "").replaceAll(',"model":0', "");
    await change(dir, withoutModels);
    expect(await checkFolder(dir, { now: () => START })).toMatchObject({ ok: true, findings: [] });
    const { store } = await openStore(dir);
    const { id = "" } = (await store.accounts.byName("jane")) ?? {};
    expect(await store.ledger.usageBy?.(id, 1, "model")).toEqual([
      { name: "small", questions: 2, tokens: 200 },
    ]);
    await store.close();
    await change(dir, (text) => withoutModels(text).replace('"questions":2', '"questions":3'));
    expect((await checkFolder(dir, { now: () => START })).ok).toBe(false);
  });

  it("that is older than the writing does not hide that the ledger was cut", async () => {
    const dir = await makeFilled();
    const checkpoint = await read(dir, "accounts.json");
    await (await openStore(dir, { models: true })).store.close();
    await writeFile(join(dir, "accounts.json"), checkpoint);
    const ledger = await read(dir);
    await writeFile(join(dir, "ledger.jsonl"), ledger.slice(0, -200));
    await expect(openStore(dir)).rejects.toThrow(/^ledger\.jsonl: it has \d+ bytes, but/);
  });

  it("of version 1 beside another ledger of version 2 is refused", async () => {
    const [one, other] = [await makeFilled(), await makeFilled()];
    await (await openStore(one, { models: true })).store.close();
    await cp(join(other, "accounts.json"), join(one, "accounts.json"));
    await expect(openStore(one)).rejects.toThrow(/^accounts\.json: it was made from another ledger/);
  });
});

describe("a store of a newer ai-chat", () => {
  /** How everything that reads it refuses; that it changes nothing is checked too. */
  async function refusals(dir: string) {
    const before = await contentOf(dir);
    const errors: unknown[] = [];
    for (const open of [
      () => openStore(dir),
      () => openStore(dir, { models: true }),
      () => copyStore({ from: dir, to: `${dir}-copy`, warn: () => {} }),
    ])
      errors.push(await open().catch((error: unknown) => error));
    const { ok, findings } = await checkFolder(dir);
    expect(ok).toBe(false);
    expect(await contentOf(dir)).toEqual(before);
    return [...errors.map((error) => (error instanceof Damage ? error.finding : undefined)), ...findings];
  }

  const finding = {
    what: expect.stringContaining("it was made by a newer ai-chat."),
    repair: "Nothing was changed. Use the ai-chat that wrote it, or a later one.",
  };

  it("is refused at the line that names an unknown feature, never with the advice to cut it off there", async () => {
    for (const models of [true, false]) {
      const dir = await makeFilled({ models });
      const n = (await read(dir)).split("\n").length - 1;
      // As a newer one may write it: with more fields, and then lines of an unknown kind.
      await append(dir, { n, at: START, fact: "feature", feature: "voices" });
      await append(dir, { n: n + 1, at: START, fact: "feature", feature: "more" });
      const found = await refusals(dir);
      expect(found).toHaveLength(4);
      for (const each of found) expect(each).toMatchObject({ ...finding, file: "ledger.jsonl", line: n + 1 });
    }
  });

  it("is refused if only its checkpoint still has to be read to know it", async () => {
    const dir = await makeFilled({ models: true });
    await change(dir, (text) => text.replace('["models"]', '["models","voices"]'));
    for (const each of await refusals(dir)) expect(each).toMatchObject({ ...finding, file: "accounts.json" });
  });

  it("is refused by its version", async () => {
    const dir = await makeFilled({ models: true });
    await writeFile(join(dir, "ledger.jsonl"), (await read(dir)).replace('"version":2', '"version":3'));
    for (const each of await refusals(dir))
      expect(each).toMatchObject({ ...finding, file: "ledger.jsonl", line: 1 });
  });
});

describe("a whole line is refused", () => {
  const charge = { at: START, fact: "charge", id: "h9", tokens: -30, balance: 3820, name: "Jane" };

  it("if it names a model, or a feature, in a ledger without", async () => {
    for (const fact of [
      { ...charge, n: 9, model: "large" },
      { n: 9, at: START, fact: "feature", feature: "models" },
    ]) {
      const dir = await makeFilled();
      const account = /"account":"([0-9a-f]+)"/.exec(await read(dir))?.[1];
      await append(dir, { ...fact, account });
      await expect(openStore(dir)).rejects.toThrow(/line 10 .*its checksum is right, but/);
    }
  });

  it("if its model is empty, and not if it has none: an older server on Postgres charged it", async () => {
    for (const [model, fate] of [
      ["", "refused"],
      ["large", "read"],
      [undefined, "read"],
    ]) {
      const dir = await makeFilled({ models: true });
      const account = /"account":"([0-9a-f]+)"/.exec(await read(dir))?.[1];
      await append(dir, { ...charge, n: 10, account, model });
      const opened = await openStore(dir).then(
        () => "read",
        () => "refused",
      );
      expect(opened, model).toBe(fate);
    }
  });
});
