import type { CommandSpec } from "../../argv/command-spec.ts";

export const spec: CommandSpec = {
  summary: "create an account and log in",
  options: ["username", "passwordStdin", "invite"],
  secrets: ["password"],
  examples: [
    ["register", "asks for name and password"],
    ["register -s chat.example.org -u jane", "on that server, as jane"],
    ["register -u jane --invite 7K3M9-QXA4T-BWC2D", "with an invitation"],
    ["register -u jane --password-stdin < secret", "without a terminal"],
  ],
  notes: "The password comes from --password-stdin, AI_CHAT_PASSWORD or the terminal, never from argv.",
  grace: 0,
  run: async () => (await import("./register.ts")).register,
};
