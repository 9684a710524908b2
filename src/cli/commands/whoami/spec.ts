import type { CommandSpec } from "../../argv/command-spec.ts";

export const spec: CommandSpec = {
  summary: "server, user, balance, and where the token came from",
  options: [],
  secrets: ["token"],
  examples: [
    ["whoami", "exits with 4 if you are not logged in"],
    ["whoami --json", "for programs"],
  ],
  grace: 0,
  run: async () => (await import("./whoami.ts")).whoami,
};
