import type { CommandSpec } from "../../argv/command-spec.ts";

export const spec: CommandSpec = {
  summary: "check server, token, terminal and files",
  options: ["config", "data", "ledgerKey", "store"],
  secrets: ["token", "theme", "storePassword"],
  examples: [
    ["doctor", "what is wrong, and how to fix it"],
    ["doctor -s chat.example.org", "with this server"],
    ["doctor --data /srv/ai-chat", "how the AI of your own server does, too"],
    ["doctor --json", "for programs, and for bug reports"],
  ],
  notes:
    "Exits with 0 if nothing is wrong, else with the code of the first problem. Not being logged in is no problem. With --data it asks the server that runs on that folder for the state of its AI. It shows no token and no password.",
  grace: 5000,
  run: async () => (await import("./doctor.ts")).doctor,
};
