import type { CommandSpec } from "../../argv/command-spec.ts";

export const spec: CommandSpec = {
  summary: "change your password; every other login ends",
  options: ["username", "passwordStdin", "revokeKeys"],
  secrets: ["token", "password"],
  examples: [
    ["password", "asks for the current one, then twice for the new one"],
    ["password --password-stdin < both", "the current one, then the new one, one per line"],
    ["password -u jane", "jane's, logged in or not"],
    ["password --revoke-keys", "also ends your API keys"],
  ],
  notes:
    "Your API keys stay valid without --revoke-keys. The current password can also come from AI_CHAT_PASSWORD. The new one comes from the second line of --password-stdin or the terminal, never from argv.",
  grace: 0,
  run: async () => (await import("./password.ts")).password,
};
