import type { CommandSpec } from "../../argv/command-spec.ts";

/** `register`: its options, help and run. */
export const spec: CommandSpec = {
  summary: "make an account and log in",
  options: ["username", "passwordStdin"],
  secrets: ["password"],
  examples: [
    ["register", "asks for name and password"],
    ["register -s chat.example.org -u jane", "there, as jane"],
    ["register -u jane --password-stdin < secret", "without a terminal"],
  ],
  notes: "The password comes by --password-stdin, AI_CHAT_PASSWORD or the terminal, never in argv.",
  grace: 0,
  run: async () => (await import("./register.ts")).register,
};
