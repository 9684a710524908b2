import type { CommandSpec } from "../argv/command-spec.ts";
import { ofServer, withoutServer } from "../argv/options.ts";

/** Commands of whoever runs a server. */
export const operatorCommands = {
  serve: {
    summary: "run a chat server",
    options: ofServer,
    common: withoutServer,
    secrets: ["apiKey", "jwtSecret"],
    examples: [
      ["serve", "on http://127.0.0.1:8000, with whatever AI is there"],
      ["serve --provider demo --port 9000", "needs no key and no network"],
      ["serve --base-url http://localhost:11434/v1 --model llama3.2", "Ollama's"],
    ],
    notes: "A flag goes before its variable. Everything that the server must remember lies in its store.",
    grace: Number.POSITIVE_INFINITY,
    run: async () => (await import("../commands/serve/serve.ts")).serve,
  },
  grant: {
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
    run: async () => (await import("../commands/grant/grant.ts")).grant,
  },
  store: {
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
    run: async () => (await import("../commands/store/store.ts")).store,
  },
} satisfies Record<string, CommandSpec>;
