import type { CommandSpec } from "../../argv/command-spec.ts";

/** `logout`: its options, help and run. */
export const spec: CommandSpec = {
  summary: "forget the token of this server, here and there",
  options: ["username"],
  secrets: ["token"],
  examples: [
    ["logout", "the default server's"],
    ["logout -s local", "that of your own server"],
    ["logout -u jane", "only where it is jane's"],
  ],
  notes: "The token is always forgotten here; a server that can't take it back lets it end by itself.",
  grace: 5000,
  run: async () => (await import("./logout.ts")).logout,
};
