import type { CommandSpec } from "../../argv/command-spec.ts";

/** `password`: its options, help and run. */
export const spec: CommandSpec = {
  summary: "set a new password; every other login ends",
  options: ["username", "passwordStdin"],
  secrets: ["token", "password"],
  examples: [
    ["password", "asks for the present one, then twice for the new one"],
    ["password --password-stdin < both", "the present one, then the new one, a line each"],
    ["password -u jane", "jane's, logged in or not"],
  ],
  notes:
    "The present password also comes by AI_CHAT_PASSWORD; the new one by the second line of --password-stdin or the terminal, never in argv.",
  grace: 0,
  run: async () => (await import("./password.ts")).password,
};
