import type { CommandSpec } from "../../argv/command-spec.ts";

export const spec: CommandSpec = {
  summary: "every server with a token: user, balance, default",
  options: [],
  secrets: [],
  examples: [
    ["servers", "* marks the one used without -s"],
    ["servers --json", "for programs"],
  ],
  grace: 5000,
  run: async () => (await import("./servers.ts")).servers,
};
