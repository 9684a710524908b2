import type { CommandSpec } from "../../argv/command-spec.ts";
import { withoutServer } from "../../argv/options.ts";

/** `store`: its options, help and run. */
export const spec: CommandSpec = {
  summary: "check a data folder; move it into Postgres, or back",
  words: "check DIR | copy FROM TO",
  actions: {
    check: { summary: "read a data folder and say what is wrong", words: ["folder"] },
    copy: { summary: "move it into Postgres, or back", words: ["folder", "folder"] },
  },
  options: [],
  common: withoutServer,
  secrets: [],
  examples: [
    ["store check /srv/ai-chat", "is it whole? Exit 1 when it is damaged"],
    ["store check /srv/ai-chat --json", "for programs"],
    ["store copy /srv/ai-chat postgres://chat@db/chat", "its password by PGPASSWORD"],
  ],
  notes:
    "check reads every line and every sum and changes nothing; a server may be running on the folder. Says what is wrong, where, and how to repair it. copy needs an empty target, on which no server was ever started, and no server on either side. It adds up both. Interrupted, it leaves nothing in the target, or says that all of it may be there.",
  grace: 2000,
  run: async () => (await import("./store.ts")).store,
};
