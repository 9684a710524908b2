import type { CommandSpec } from "../../argv/command-spec.ts";
import { withoutServer } from "../../argv/options.ts";

export const spec: CommandSpec = {
  summary: "every fact of an account, with the balance after it",
  words: "NAME",
  options: ["config", "data", "ledgerKey", "store", "since", "until", "csv", "follow"],
  common: withoutServer,
  secrets: ["storePassword"],
  examples: [
    ["ledger jane", "why the balance is what it is"],
    ["ledger jane --since 2026-11-01 --until 2026-11-30", "November, in UTC"],
    ["ledger jane --csv > jane.csv", "for a spreadsheet"],
    ["ledger jane --follow", "and what comes, until Ctrl-C"],
  ],
  notes:
    "At your own server, running or not, or in Postgres with --store. Reading changes nothing and delays no question. DATE is a day, or a time such as 2026-11-26T14:30Z; without an offset it is UTC. The day of --until belongs to it. In CSV, text that a spreadsheet would run gets an apostrophe in front; numbers stay numbers.",
  grace: 0,
  run: async () => (await import("./ledger.ts")).ledger,
};
