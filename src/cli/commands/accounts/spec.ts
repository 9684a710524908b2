import type { CommandSpec } from "../../argv/command-spec.ts";
import { withoutServer } from "../../argv/options.ts";

export const spec: CommandSpec = {
  summary: "list, show, lock out, rename and delete accounts",
  words: "list | show NAME | disable NAME | enable NAME | password NAME | rename OLD NEW | delete NAME",
  actions: {
    list: { summary: "show all, with their tokens", words: [] },
    show: { summary: "show one", words: ["text"] },
    disable: { summary: "refuse its logins and questions", words: ["text"] },
    enable: { summary: "let it in again", words: ["text"] },
    password: { summary: "set a new password; its logins and API keys end", words: ["text"] },
    rename: { summary: "give it another name; logins stay valid", words: ["text", "text"] },
    delete: { summary: "remove it; its name is free again", words: ["text"] },
  },
  options: [
    "config",
    "data",
    "ledgerKey",
    "store",
    "search",
    "sort",
    "limit",
    "reason",
    "by",
    "yes",
    "passwordStdin",
    "bcryptCost",
  ],
  common: withoutServer,
  secrets: ["storePassword"],
  examples: [
    ["accounts list --sort last --limit 10", "who asked last"],
    ["accounts disable jane --reason 'left the class'", "asks before"],
    ["accounts enable jane --by anna", "her logins are valid again"],
    ["accounts password jane", "asks for the new one, twice"],
    ["accounts rename jane jane.doe --yes", "without a question"],
    ["accounts delete jane --data /srv/ai-chat", "in that folder"],
  ],
  notes:
    "Everybody who can write the data folder or the database can do this. A running server keeps running, and each act is a line of the ledger. A question in flight ends, and is charged as it began. Without a terminal, or with --json, what takes something away needs --yes.",
  grace: 0,
  run: async () => (await import("./accounts.ts")).accounts,
};
