import type { CommandSpec } from "../../argv/command-spec.ts";
import { withoutServer } from "../../argv/options.ts";

export const spec: CommandSpec = {
  summary: "take tokens from a user",
  words: "NAME TOKENS",
  options: ["config", "data", "ledgerKey", "store", "id", "reason", "by", "yes"],
  common: withoutServer,
  secrets: ["storePassword"],
  examples: [
    ["take jane 500 --reason 'granted twice'", "asks before"],
    ["take jane 500 --reason refund --id r7 --yes", "once, even if it is repeated"],
  ],
  notes:
    "It takes what is free, at most TOKENS, and says how much: tokens that questions in flight hold stay. --reason is needed. Without a terminal, or with --json, --yes is needed.",
  grace: 0,
  run: async () => (await import("./take.ts")).take,
};
