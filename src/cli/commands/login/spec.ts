import type { CommandSpec } from "../../argv/command-spec.ts";

export const spec: CommandSpec = {
  summary: "log in and save the token for this server",
  options: ["username", "passwordStdin"],
  secrets: ["password"],
  examples: [
    ["login", "asks for name and password"],
    ["login -u jane --password-stdin < secret", "without a terminal"],
  ],
  notes: "The password comes from --password-stdin, AI_CHAT_PASSWORD or the terminal, never from argv.",
  grace: 0,
  run: async () => (await import("./login.ts")).login,
};
