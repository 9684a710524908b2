import type { CommandSpec } from "../../argv/command-spec.ts";
import { withoutServer } from "../../argv/options.ts";

export const spec: CommandSpec = {
  summary: "give a user tokens",
  words: "NAME TOKENS",
  options: ["config", "data", "ledgerKey", "store", "id"],
  common: withoutServer,
  secrets: ["storePassword"],
  examples: [
    ["grant jane 4000", "at your own server, running or not"],
    ["grant jane 4000 --data /srv/ai-chat", "in that folder"],
    ["grant jane 4000 --config chat.json", "in the store of that server"],
    ["grant jane 4000 --id june", "once, even if the command is repeated"],
  ],
  notes:
    "Everybody who can read the data folder can grant. A running server keeps running and sees the new balance at once; the grant is a line of the ledger. With --store, the account is in Postgres.",
  grace: 0,
  run: async () => (await import("./grant.ts")).grant,
};
