import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openJsonStore } from "../../src/server/stores/json/store.ts";
import { storeContract } from "./store-contract.ts";

storeContract("JSON files", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-store-"));
  let time = Date.parse("2026-11-22T10:00:00Z");
  return {
    open: () =>
      openJsonStore({
        dir,
        now: () => time,
        warn: (sentence) => {
          throw new Error(sentence);
        },
      }),
    now: () => time,
    async advance(ms) {
      time += ms;
    },
    destroy: () => rm(dir, { recursive: true }),
  };
});
