import type { CommandSpec } from "../../argv/command-spec.ts";
import { withoutServer } from "../../argv/options.ts";

export const spec: CommandSpec = {
  summary: "questions and tokens of all accounts, as a bar chart",
  options: ["config", "data", "ledgerKey", "store", "reportDays", "groupBy", "csv"],
  common: withoutServer,
  secrets: ["storePassword"],
  examples: [
    ["report", "the last 30 days, day by day"],
    ["report --by account --days 7", "who used most in a week"],
    ["report --by model --csv > models.csv", "for a spreadsheet"],
  ],
  notes:
    "At your own server, running or not, or in Postgres with --store. Reading changes nothing and delays no question. Days are UTC. A deleted account has a pseudonym. Older charges may name no model, and count as unknown.",
  grace: 0,
  run: async () => (await import("./report.ts")).report,
};
