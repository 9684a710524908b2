import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Store } from "../../../../../src/server/core/store.ts";
import { checkpointOf } from "../../../../../src/server/stores/json/checkpoint.ts";
import type { GivenGrant } from "../../../../../src/server/stores/json/grants.ts";
import { load } from "../../../../../src/server/stores/json/load.ts";
import { createMemoryFiles } from "./memory-files.ts";
import { makeFolder, openStore, START } from "./place.ts";

const HOUR = 60 * 60 * 1000;
const names = ["jane", "john", "Ann"];
const name = fc.constantFrom(...names);

/** A call of a store; `wait` lets time pass, `restart` closes and opens it again. */
const step = fc.oneof(
  fc.record({ kind: fc.constant("create" as const), name, tokens: fc.integer({ min: 0, max: 500 }) }),
  fc.record({
    kind: fc.constant("ask" as const),
    name,
    key: fc.option(fc.constantFrom("a", "b", "c")),
    model: fc.constantFrom("small", "large"),
    by: fc.option(fc.nat(2)),
  }),
  fc.record({ kind: fc.constant("make key" as const), name, label: fc.constantFrom("ci", "CI", "lap") }),
  fc.record({ kind: fc.constant("end key" as const), name, which: fc.nat(2) }),
  fc.record({
    kind: fc.constant("grant" as const),
    name,
    id: fc.constantFrom("g1", "g2", "g3"),
    reason: fc.string(),
  }),
  fc.record({ kind: fc.constant("password" as const), name, hash: fc.string(), endsKeys: fc.boolean() }),
  fc.record({
    kind: fc.constant("revoke" as const),
    name,
    jti: fc.constantFrom("t1", "t2"),
    hours: fc.integer({ min: -1, max: 60 }),
  }),
  fc.record({ kind: fc.constant("disable" as const), name, disabled: fc.boolean() }),
  fc.record({
    kind: fc.constant("act" as const),
    name,
    what: fc.constantFrom("take", "grant", "disable", "password", "rename", "delete"),
    text: fc.option(fc.string()),
    to: fc.constantFrom(...names, "Zoe"),
  }),
  // Backwards too: a machine's clock may be set.
  fc.record({ kind: fc.constant("wait" as const), hours: fc.integer({ min: -30, max: 24 * 40 }) }),
  fc.record({ kind: fc.constant("restart" as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

let holds = 0;
let keys = 0;

async function run(store: Store, step: Step, now: number): Promise<void> {
  const { accounts, ledger, operations, apiKeys } = store;
  if (step.kind === "wait" || step.kind === "restart") return;
  if (step.kind === "create")
    return void (await accounts.create({ name: step.name, passwordHash: "$2b$", tokens: step.tokens }));
  const known = await accounts.byName(step.name);
  if (known === undefined) return;
  const { id: account, generation } = known;
  switch (step.kind) {
    case "ask": {
      const id = `h${(holds += 1)}`;
      const { key, model } = step;
      const apiKey = step.by === null ? undefined : (await apiKeys?.list(account))?.[step.by]?.id;
      const request = { id, account, key: key ?? undefined, digest: "d", price: 100, model, apiKey };
      await ledger.hold({ ...request, expires: now + HOUR });
      await ledger.charge(id);
      return;
    }
    case "make key": {
      const id = String((keys += 1));
      const of = { id, account, name: step.label, digest: id.padStart(64, "0") };
      await apiKeys?.create({ ...of, limit: { tokens: 1000, per: "week" }, expires: null });
      return;
    }
    case "end key":
      await apiKeys?.revoke(account, (await apiKeys.list(account))[step.which]?.id ?? "");
      return;
    case "grant":
      await ledger.grant({ id: step.id, account, tokens: 250, reason: step.reason });
      return;
    case "password":
      await accounts.setPassword({ account, generation, passwordHash: step.hash, endsKeys: step.endsKeys });
      return;
    case "revoke":
      await accounts.revoke({ account, jti: step.jti, expires: now + step.hours * HOUR });
      return;
    case "disable":
      await accounts.setDisabled(account, step.disabled);
      return;
    case "act": {
      const act = { reason: step.text, by: step.text };
      if (step.what === "take") await operations.take({ id: "t1", account, tokens: 200, ...act });
      if (step.what === "grant")
        await ledger.grant({ id: "g1", account, tokens: 50, reason: "", by: step.text ?? undefined });
      if (step.what === "disable") await operations.setDisabled(account, step.text === null, act);
      if (step.what === "password") await operations.setPassword(account, step.text ?? "", act);
      if (step.what === "rename") await operations.rename(account, step.to, act);
      if (step.what === "delete") await operations.remove(account, act);
    }
  }
}

/** What the two files of a folder imply, less how much of the ledger was read for it. */
async function stateOf(contents: Record<string, Buffer>, now: number): Promise<unknown> {
  const { books } = await load(createMemoryFiles(contents), "", now);
  const byName = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
  const byId = (a: GivenGrant, b: GivenGrant) => (a.account + a.id < b.account + b.id ? -1 : 1);
  const state = checkpointOf(books, { length: 0, lines: 0, sha256: "" }, now);
  // A clock that was set back leaves keys in another order, and a deleted account the grants, which means nothing.
  return { ...state, n: books.n, keys: state.keys.sort(byName), grants: state.grants.sort(byId) };
}

it("the ledger alone leads to the same state as with a checkpoint", async () => {
  const dir = await makeFolder();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      let now = START;
      let { store } = await openStore(dir, { now: () => now });
      await Promise.all(names.map((name) => run(store, { kind: "create", name, tokens: 300 }, now)));
      for (const step of steps) {
        if (step.kind === "wait") now += step.hours * HOUR;
        if (step.kind === "restart") {
          await store.close();
          ({ store } = await openStore(dir, { now: () => now }));
        }
        await run(store, step, now);
      }
      // As a kill would leave it: an older checkpoint or none, and facts past it.
      const accounts = await readFile(join(dir, "accounts.json")).catch(() => undefined);
      const ledger = await readFile(join(dir, "ledger.jsonl"));
      const fromZero = await stateOf({ "ledger.jsonl": ledger }, now);
      const killed = { "ledger.jsonl": ledger, ...(accounts && { "accounts.json": accounts }) };
      expect(await stateOf(killed, now)).toEqual(fromZero);
      await store.close();
      const written = await readFile(join(dir, "accounts.json"));
      expect(await stateOf({ "ledger.jsonl": ledger, "accounts.json": written }, now)).toEqual(fromZero);
      for (const file of ["accounts.json", "ledger.jsonl"]) await rm(join(dir, file));
    }),
    { numRuns: 40 },
  );
});
