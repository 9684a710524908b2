import type { CommandSpec } from "../../argv/command-spec.ts";
import { withoutServer } from "../../argv/options.ts";

/** `grant`: its options, help and run. */
export const spec: CommandSpec = {
  summary: "give somebody tokens",
  words: "NAME TOKENS",
  options: ["data", "store", "id"],
  common: withoutServer,
  secrets: [],
  examples: [
    ["grant jane 4000", "at your own server, running or not"],
    ["grant jane 4000 --data /srv/ai-chat", "in that folder"],
    ["grant jane 4000 --id june", "once, however often it is repeated"],
  ],
  notes:
    "Whoever may read the data folder may grant. A server that runs on it goes on and knows at once; the ledger gets a line. With --store, in Postgres.",
  grace: 0,
  run: async () => (await import("./grant.ts")).grant,
};
