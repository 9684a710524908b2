import type { CommandSpec } from "../../argv/command-spec.ts";

export const spec: CommandSpec = {
  summary: "tokens left, and for how many questions",
  options: [],
  secrets: ["token"],
  examples: [
    ["balance", "in words"],
    ["balance -q", "the bare number"],
  ],
  grace: 0,
  run: async () => (await import("./balance.ts")).balance,
};
