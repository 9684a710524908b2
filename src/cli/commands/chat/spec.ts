import type { CommandSpec } from "../../argv/command-spec.ts";
import { everywhere } from "../../argv/options.ts";

export const spec: CommandSpec = {
  summary: "the interactive session; also without any command",
  options: ["askModel", "role", "continue", "resume", "plain", "noSave"],
  // It prints no document, and needs stdin.
  common: everywhere.filter((name) => name !== "json" && name !== "noStdin"),
  secrets: ["token", "save", "theme", "notify", "editor"],
  examples: [
    ["", "open the session, with your default or your own server"],
    ["chat -s chat.example.org", "with this server"],
    ["-c", "continue the newest conversation"],
    ["-r", "choose one from a list"],
    ["chat --plain", "a question a line, for screen readers and pipes"],
  ],
  notes:
    "Beside the file that config path names, keys.json changes the keys of the session, roles/NAME.md is a role for --role and /role, and prompts/NAME.md is sent by /NAME.",
  grace: 5000,
  run: async () => (await import("./chat.ts")).chat,
};
