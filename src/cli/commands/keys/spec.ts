import type { CommandSpec } from "../../argv/command-spec.ts";

export const spec: CommandSpec = {
  summary: "make, list and end API keys for programs",
  words: "create NAME | list | revoke NAME|ID",
  actions: {
    create: { summary: "make a key and print it", words: ["text"] },
    list: { summary: "list all, with what each has spent", words: [] },
    revoke: { summary: "end one", words: ["apiKey"] },
  },
  options: ["keyLimit", "keyExpires"],
  secrets: ["token"],
  examples: [
    ["keys create editor --limit 1000/day --expires 90d", "a key for a program"],
    ["keys list", "what each has spent"],
    ["keys revoke editor", "by its name, or by its ID"],
  ],
  notes:
    "A key asks with the tokens of your account: as AI_CHAT_TOKEN here, or in any client of this API. It is shown once: the server keeps only its digest. A key can't make or end keys, change your password or log out.",
  grace: 0,
  run: async () => (await import("./keys.ts")).keys,
};
