import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { array, assert, asyncProperty, boolean, nat, record, tuple } from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { backUpFolder } from "../../../../../src/server/stores/json/backup.ts";
import type { Books } from "../../../../../src/server/stores/json/books.ts";
import { checkpointOf } from "../../../../../src/server/stores/json/checkpoint.ts";
import { disk } from "../../../../../src/server/stores/json/disk.ts";
import { load, loadWhole } from "../../../../../src/server/stores/json/load.ts";
import { restoreFolder } from "../../../../../src/server/stores/json/restore.ts";
import { makeFolder, openStore, START } from "./place.ts";

const ledgerOf = (dir: string) => readFile(join(dir, "ledger.jsonl"));

/** What a fact says, without its checksum, which changes when a ledger is written anew. */
const factsIn = (ledger: Buffer) =>
  ledger
    .toString()
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.replace(/,"crc":"\w+"\}$/, ""));

const contentsOf = (books: Books) => checkpointOf(books, { length: 0, lines: 0, sha256: "" }, START);

type Store = Awaited<ReturnType<typeof openStore>>["store"];

let ids = 0;

/** Does one thing of a server. Resolves to the id of what was acknowledged, if the ledger has it. */
async function act({
  store,
  what,
  who,
  accounts,
}: {
  store: Store;
  what: number;
  who: number;
  accounts: string[];
}) {
  const id = `id-${(ids += 1)}`;
  const account = accounts[who % accounts.length] ?? "";
  const by = { reason: null, by: "ops" };
  if (what === 0 || account === "") {
    const made = await store.accounts.create({ name: `n${ids}`, passwordHash: "$2b$", tokens: 1000 });
    if (made.kind === "created") accounts.push(made.account.id);
    return undefined;
  }
  if (what === 1)
    return (await store.ledger.grant({ id, account, tokens: 500, reason: "" })).kind === "granted"
      ? id
      : undefined;
  if (what === 2) await store.operations.setDisabled(account, who % 2 === 0, by);
  if (what === 3 && who % 5 === 0) await store.operations.remove(account, by);
  if (what === 4) await store.setRefill({ tokens: 100 + (who % 3), period: "day", cap: 2000 });
  if (what < 5) return undefined;
  const question = { id, account, digest: "d", price: 10, model: "small", expires: START * 2 };
  if ((await store.ledger.hold(question)).kind !== "held") return undefined;
  return (await store.ledger.charge(id)).kind === "charged" ? id : undefined;
}

test("backups under load are what the ledger was at one moment, with all that was acknowledged before", async () => {
  const history = record({
    models: boolean(),
    acts: array(tuple(nat(9), nat(50)), { minLength: 40, maxLength: 150 }),
    at: array(nat(100), { minLength: 1, maxLength: 4 }),
  });
  await assert(
    asyncProperty(history, async ({ models, acts, at }) => {
      const dir = await makeFolder();
      const { store } = await openStore(dir, { models });
      const accounts: string[] = [];
      const acknowledged: string[] = [];
      const backups: Promise<{ file: string; before: string[] }>[] = [];
      const moments = new Set(at.map((percent) => Math.floor((percent * acts.length) / 100)));
      const waiting = acts.entries();
      // As many at once as there are clients.
      const client = async () => {
        for (const [index, [what, who]] of waiting) {
          if (moments.has(index)) {
            const before = [...acknowledged];
            const to = join(await makeFolder(), "a.backup");
            const options = { dir, to, secrets: true, warn: () => {} };
            backups.push(backUpFolder(options).then(() => ({ file: to, before })));
          }
          const id = await act({ store, what, who, accounts });
          if (id !== undefined) acknowledged.push(id);
        }
      };
      await Promise.all(Array.from({ length: 8 }, client));
      const made = await Promise.all(backups);
      await store.close();
      const all = factsIn(await ledgerOf(dir));
      for (const { file, before } of made) {
        const target = { file, dir: join(await makeFolder(), "restored") };
        const how = { warn: () => {}, now: () => START };
        const { dir: restored, ledger, tokens } = await restoreFolder({ ...target, ...how });
        const facts = factsIn(await ledgerOf(restored));
        expect(facts).toEqual(all.slice(0, facts.length));
        const text = facts.join("\n");
        expect(before.filter((id) => !text.includes(`"id":"${id}"`))).toEqual([]);
        // The checkpoint says the same as the ledger.
        const opened = await disk.open(join(restored, "ledger.jsonl"), "r");
        onTestFinished(() => opened.close());
        const { books } = await loadWhole(opened, START);
        expect(contentsOf((await load(disk, restored, START)).books)).toEqual(contentsOf(books));
        expect(books.n + 1).toBe(ledger.lines);
        expect([...books.accounts.values()].reduce((sum, account) => sum + account.tokens, 0)).toBe(tokens);
      }
    }),
    { numRuns: 10 },
  );
});
