import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { openJsonStore } from "../../src/server/stores/json/store.ts";
import { createFaultyFiles, systemError } from "../unit/server/stores/json/faulty-files.ts";
import { localDisk, START } from "../unit/server/stores/json/place.ts";
import { recordMeter } from "../support/recorded-meter.ts";
import { meterContract, type MeteredFixture } from "./meter-contract.ts";

const DAY = 24 * 60 * 60 * 1000;

/** What a fate stands for. */
const CALLS = [undefined, "write", "datasync", "stat"];

async function open(): Promise<MeteredFixture> {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-store-"));
  let time = START;
  let left: (string | undefined)[] = [];
  const files = createFaultyFiles(localDisk.files, (call, file) => {
    if (file !== "ledger.jsonl" || !CALLS.includes(call)) return undefined;
    // Each fate is for the next call of its kind; one for another kind is passed over.
    const fate = left.indexOf(call);
    if (fate === -1) return undefined;
    left = left.slice(fate + 1);
    return systemError("EIO");
  });
  const meter = recordMeter();
  const store = await openJsonStore({ dir, files, models: true, meter, now: () => time, warn: () => {} });
  const lines = async () => {
    const text = await readFile(join(dir, "ledger.jsonl"), "utf8");
    return text
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const begun = (await lines()).length;
  await store.setRefill({ tokens: 70, period: "day", cap: 900 });
  return {
    store,
    meter,
    now: () => time,
    fail: (fates) => (left = fates.map((fate) => CALLS[fate])),
    async calm() {
      left = [];
      await vi.waitUntil(() => store.ready(), { timeout: 45_000, interval: 1 });
    },
    async stored() {
      const facts = await lines();
      const charged = new Map<string, number>();
      for (const { fact, model, tokens } of facts)
        if (fact === "charge" && typeof model === "string")
          charged.set(model, (charged.get(model) ?? 0) - Number(tokens));
      expect(meter.batches.reduce((sum, count) => sum + count, 0)).toBe(facts.length - begun);
      expect(meter.writes).toBe(meter.batches.length);
      expect(meter.state?.ledgerBytes?.()).toBe((await readFile(join(dir, "ledger.jsonl"))).length);
      const moved = facts.filter(({ account }) => account !== undefined);
      const tokens = moved.reduce((sum, fact) => sum + Number(fact["tokens"] ?? 0), 0);
      return { tokens, charged };
    },
    nextDay: async () => void (time += DAY),
    async destroy() {
      await store.close();
      expect(await meter.state?.ready()).toBe(false);
      await rm(dir, { recursive: true });
    },
  };
}

meterContract("JSON files", open, 40);
