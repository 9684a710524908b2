import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Files } from "../../src/server/stores/json/files.ts";
import { compactFolder } from "../../src/server/stores/json/compact.ts";
import { openJsonStore } from "../../src/server/stores/json/store.ts";
import type { StoreFixture } from "./store-fixture.ts";

const fail = (sentence: string) => {
  throw new Error(sentence);
};

/** A folder of its own, and a clock that the test owns. `compacts`: before each start but the first. */
export async function jsonPlace(files: Files, models = false, compacts = false): Promise<StoreFixture> {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-store-"));
  let time = Date.parse("2026-11-22T10:00:00Z");
  const isBegun = async () => (await readdir(dir)).includes("ledger.jsonl");
  return {
    async open() {
      if (compacts && (await isBegun())) await compactFolder(dir, { files, now: time, warn: fail });
      return openJsonStore({
        dir,
        files,
        models,
        now: () => time,
        warn: (sentence) => {
          // The first invitation or act makes a ledger of version 1 one of version 2.
          if (!/written anew|^This server gives no refills/.test(sentence)) throw new Error(sentence);
        },
      });
    },
    now: () => time,
    async advance(ms) {
      time += ms;
    },
    models,
    compacts,
    keepsHolds: false,
    acts: true,
    destroy: () => rm(dir, { recursive: true }),
  };
}
