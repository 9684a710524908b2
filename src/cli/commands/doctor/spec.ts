import type { CommandSpec } from "../../argv/command-spec.ts";

export const spec: CommandSpec = {
  summary: "check server, token, terminal and files",
  options: [],
  secrets: ["token", "theme"],
  examples: [
    ["doctor", "what is wrong, and how to fix it"],
    ["doctor -s chat.example.org", "with this server"],
    ["doctor --json", "for programs, and for bug reports"],
  ],
  notes:
    "Exits with 0 if nothing is wrong, else with the code of the first problem. Not being logged in is no problem. It shows no token and no password.",
  grace: 5000,
  run: async () => (await import("./doctor.ts")).doctor,
};
