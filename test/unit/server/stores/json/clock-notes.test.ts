import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkFolder } from "../../../../../src/server/stores/json/check.ts";
import { contentOf, fillFolder, makeFolder, openStore, START } from "./place.ts";

const DAY = 86_400_000;

/** Starts on a folder whose facts were made at `then`, with a clock that says START. */
async function startAfter(then: number, { checkpoint = true } = {}) {
  const dir = await makeFolder();
  await fillFolder(dir, { now: () => then });
  if (!checkpoint) await rm(join(dir, "accounts.json"));
  const before = await contentOf(dir);
  const { notes, ok } = await checkFolder(dir, { now: () => START });
  expect(await contentOf(dir)).toEqual(before);
  const { store, warnings } = await openStore(dir);
  const jane = await store.accounts.byName("jane");
  const balance = await store.ledger.balance(jane!.id);
  await store.close();
  return { dir, notes, ok, warnings, balance };
}

it.each([
  ["more than a day ahead", START + DAY + 1, true],
  ["more than a day ahead", START + DAY + 1, false],
  ["before 2020", Date.UTC(2019, 11, 31), true],
  ["before 2020", Date.UTC(2019, 11, 31), false],
])("many facts with a time %s give one warning, also from a checkpoint", async (what, then, checkpoint) => {
  const { dir, notes, ok, warnings, balance } = await startAfter(then, { checkpoint });
  const time = new Date(then).toISOString();
  expect(warnings).toEqual([expect.stringMatching(/^ledger\.jsonl, line \d: its time is /)]);
  expect(warnings[0]).toContain(`${time}, which is ${what}.`);
  expect({ ok, notes }).toEqual({ ok: true, notes: warnings });
  const line = Number(/line (\d)/.exec(warnings[0]!)?.[1]);
  const text = await readFile(join(dir, "ledger.jsonl"), "utf8");
  expect(balance).toEqual({ tokens: Number(/.*"balance":(\d+)/s.exec(text)?.[1]), held: 0 });
  expect(text.split("\n")[line - 1]).toContain(`"at":"${time}"`);
});

it("a time within a day of the clock gives no warning", async () => {
  for (const then of [START + DAY, Date.UTC(2020, 0, 1)])
    expect(await startAfter(then)).toMatchObject({ warnings: [], notes: [], ok: true });
});
