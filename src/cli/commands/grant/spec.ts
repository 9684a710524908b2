import type { CommandSpec } from "../../argv/command-spec.ts";
import { withoutServer } from "../../argv/options.ts";

export const spec: CommandSpec = {
  summary: "give users tokens",
  words: "NAME… TOKENS | --all TOKENS | --file FILE TOKENS",
  options: ["config", "data", "ledgerKey", "store", "all", "file", "id", "reason", "by"],
  common: withoutServer,
  secrets: ["storePassword"],
  examples: [
    ["grant jane 4000", "at your own server, running or not"],
    ["grant jane joe 4000 --data /srv/ai-chat", "4,000 each, in that folder"],
    ["grant --all 1000 --id june", "once each, even if the command is repeated"],
    ["grant --file class.txt 1000 --config chat.json", "in the store of that server"],
  ],
  notes:
    "Everybody who can write the data folder can grant. A running server keeps running and sees the new balance at once; the grant is a line of the ledger. All names are checked first: if one is unknown, nobody gets anything. --all leaves out accounts that are disabled. A file has one name a line; - is stdin. With --store, the accounts are in Postgres.",
  grace: 0,
  run: async () => (await import("./grant.ts")).grant,
};
