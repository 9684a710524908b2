import type { CommandSpec } from "../../argv/command-spec.ts";

export const spec: CommandSpec = {
  summary: "log out of this server",
  options: ["username"],
  secrets: ["token"],
  examples: [
    ["logout", "the default server's"],
    ["logout -s local", "that of your own server"],
    ["logout -u jane", "only if jane is logged in"],
  ],
  notes:
    "The saved token is always deleted. If the server can't end the login, the token stays valid until it expires.",
  grace: 5000,
  run: async () => (await import("./logout.ts")).logout,
};
