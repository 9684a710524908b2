import type { CommandSpec } from "../../argv/command-spec.ts";

export const spec: CommandSpec = {
  summary: "questions a day as a bar chart, and the sum",
  options: ["days", "usageBy"],
  secrets: ["token"],
  examples: [
    ["usage", "the last 30 days"],
    ["usage --days 7", "a week"],
    ["usage --by key", "also what each API key spent"],
    ["usage --json", "for programs"],
  ],
  grace: 0,
  run: async () => (await import("./usage.ts")).usage,
};
