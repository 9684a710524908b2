import type { CommandSpec } from "../../argv/command-spec.ts";

/** `doctor`: its options, help and run. */
export const spec: CommandSpec = {
  summary: "is all well? Server, token, terminal, files",
  options: [],
  secrets: ["token"],
  examples: [
    ["doctor", "what is wrong, and what to do about it"],
    ["doctor -s chat.example.org", "with this server"],
    ["doctor --json", "for programs, and to send to somebody who helps"],
  ],
  notes:
    "Ends with 0 when all is well, else with the code of the first thing that is wrong. Not being logged in isn't. It shows no token and no password.",
  grace: 5000,
  run: async () => (await import("./doctor.ts")).doctor,
};
