import { randomUUID } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Store } from "../../../../../src/server/core/store.ts";
import type { Files, OpenFile } from "../../../../../src/server/stores/json/files.ts";
import { recordMeter, type RecordedMeter } from "../../../../support/recorded-meter.ts";
import { createFaultyFiles } from "./faulty-files.ts";
import { disks, localDisk, makeFolder, openStore, START } from "./place.ts";

// Counted, never timed. A question is a hold and a charge.

const ledger = { datasync: 0, write: 0, stat: 0, other: 0 };
type Counts = typeof ledger;

/** A store with an account, and what it has asked of the disk since the last look. */
async function openCounted(on: Files, meter?: RecordedMeter) {
  const counts: Counts = { ...ledger };
  const count = (call: keyof OpenFile | keyof Files, file: string) => {
    const known = file === "ledger.jsonl" && Object.hasOwn(ledger, call);
    counts[known ? (call as keyof Counts) : "other"] += 1;
    return undefined;
  };
  const dir = await makeFolder();
  const { store } = await openStore(dir, { files: createFaultyFiles(on, count), meter });
  const made = await store.accounts.create({ name: "jane", passwordHash: "x", tokens: 1_000_000 });
  if (made.kind !== "created") throw new Error(made.kind);
  const since = () => {
    const counted = { ...counts };
    Object.assign(counts, ledger);
    return counted;
  };
  since();
  return { store, jane: made.account.id, since };
}

/** A question up to its charge: `charge` begins that, and resolves when it is durable. */
async function ask(store: Store, account: string) {
  const id = randomUUID();
  const request = { id, account, digest: "digest", price: 1, model: "small", expires: START + 1000 };
  expect((await store.ledger.hold(request)).kind).toBe("held");
  return { charge: async () => expect((await store.ledger.charge(id)).kind).toBe("charged") };
}

const askMany = (store: Store, account: string, count: number) =>
  Promise.all(Array.from({ length: count }, () => ask(store, account)));

async function microtasks(count: number): Promise<void> {
  for (let passed = 0; passed < count; passed += 1) await Promise.resolve();
}

/** One fdatasync, one write, one look at the open file, and one at its path. */
const oneBatch: Counts = { datasync: 1, write: 1, stat: 2, other: 0 };

describe.each(disks)("on $name", ({ files: on }) => {
  it("a meter costs no call of the disk, and gets one batch for what comes at once", async () => {
    const meter = recordMeter();
    const { store, jane, since } = await openCounted(on, meter);
    const before = { batches: meter.batches.length, writes: meter.writes };
    const asked = await askMany(store, jane, 5);
    expect(meter.state?.held()).toBe(5);
    await Promise.all(asked.map(({ charge }) => charge()));
    expect(since()).toEqual(oneBatch);
    expect(meter.batches.slice(before.batches)).toEqual([5]);
    expect(meter.writes - before.writes).toBe(1);
    await meter.state?.ready();
    expect(meter.state?.ledgerBytes?.()).toBeGreaterThan(0);
    expect(since()).toEqual(ledger);
  });

  it("a question alone costs one batch, and its hold nothing", async () => {
    const { store, jane, since } = await openCounted(on);
    for (let asked = 0; asked < 5; asked += 1) {
      const { charge } = await ask(store, jane);
      expect(since()).toEqual(ledger);
      await charge();
      expect(since()).toEqual(oneBatch);
    }
  });

  it("64 questions that end in one turn of the event loop cost one batch", async () => {
    const { store, jane, since } = await openCounted(on);
    const questions = await askMany(store, jane, 64);
    // Each ends later in the same turn than the one before it.
    await Promise.all(
      questions.map(async ({ charge }, at) => {
        await microtasks(at * 10);
        await charge();
      }),
    );
    expect(since()).toEqual(oneBatch);
  });

  it("questions that end in the turn after a batch cost one more, however many", async () => {
    const { store, jane, since } = await openCounted(on);
    const [first, ...more] = await askMany(store, jane, 64);
    const charged = first?.charge();
    const late = more.map(async ({ charge }, at) => {
      await charged;
      // What the first answer sets off, each later in the same turn.
      await microtasks(at);
      await charge();
    });
    await Promise.all(late);
    expect(since()).toEqual({ datasync: 2, write: 2, stat: 4, other: 0 });
  });
});

it("a charge is on its way to a local disk after one turn of the event loop", async () => {
  const { store, jane, since } = await openCounted(localDisk.files);
  const { charge } = await ask(store, jane);
  const charged = charge();
  await turn();
  expect(since()).toEqual(oneBatch);
  await charged;
});
