import type { CommandSpec } from "../../argv/command-spec.ts";
import { withoutServer } from "../../argv/options.ts";

export const spec: CommandSpec = {
  summary: "check, back up, restore, move or compact a store",
  words:
    "check DIR | check --store URL | backup DIR FILE | restore FILE DIR | copy FROM TO | compact DIR | rotate-secret STORE",
  actions: {
    check: { summary: "read a store and say what is wrong", words: ["folder"] },
    backup: { summary: "make one file of a data folder", words: ["folder", "file"] },
    restore: { summary: "make a data folder of that file", words: ["file", "folder"] },
    copy: { summary: "move it into Postgres, or back", words: ["folder", "folder"] },
    compact: { summary: "begin a new ledger with the present state", words: ["folder"] },
    "rotate-secret": { summary: "make a new secret that signs logins", words: ["folder"] },
  },
  options: ["ledgerKey", "store", "now", "noSecrets"],
  common: withoutServer,
  secrets: ["storePassword"],
  examples: [
    ["store check /srv/ai-chat", "exits with 1 if it is damaged"],
    ["store check /srv/ai-chat --json", "for programs"],
    ["store check --store postgres://chat@db/chat", "the same of a database"],
    ["store backup /srv/ai-chat today.backup", "also while the server runs"],
    ["store restore today.backup /srv/ai-chat", "makes that folder"],
    ["store copy /srv/ai-chat postgres://chat@db/chat", "the password comes from PGPASSWORD"],
    ["store compact /srv/ai-chat", "with its server stopped"],
    ["store rotate-secret /srv/ai-chat --now", "everybody has to log in again"],
  ],
  notes:
    "check reads every line or row, verifies every sum and changes nothing; servers may be running on the store. It reports what is wrong, where, and how to repair it. backup reads every line of the ledger, never replaces a file, and takes - for stdout. restore checks everything before it makes the folder, which must not exist or be empty. Both are for data folders; Postgres has pg_dump. copy needs an empty target on which no server was ever started, and no running server on either side. It compares the sums of both. If it is interrupted, it leaves nothing in the target, or says that the copy may be complete. compact needs a stopped server. It keeps the old ledger beside the new one as ledger-N.jsonl, with every fact of before; balances, keys of the last day, IDs of grants, logins and 90 days of use stay, and older use by month. rotate-secret works while servers run. Without --now, logins that were made before last until they expire. A server with AI_CHAT_JWT_SECRET does not use the secret of its store.",
  grace: 2000,
  run: async () => (await import("./store.ts")).store,
};
