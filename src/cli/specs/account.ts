import type { CommandSpec } from "../argv/command-spec.ts";
import type { OptionName } from "../argv/options.ts";

const account: readonly OptionName[] = ["username", "passwordStdin"];

/** Commands about accounts and the servers that they are at. */
export const accountCommands = {
  register: {
    summary: "make an account and log in",
    options: account,
    secrets: ["password"],
    examples: [
      ["register", "asks for name and password"],
      ["register -s chat.example.org -u jane", "there, as jane"],
      ["register -u jane --password-stdin < secret", "without a terminal"],
    ],
    notes: "The password comes by --password-stdin, AI_CHAT_PASSWORD or the terminal, never in argv.",
    grace: 0,
    run: async () => (await import("../commands/register/register.ts")).register,
  },
  login: {
    summary: "log in; the token is kept for this server",
    options: account,
    secrets: ["password"],
    examples: [
      ["login", "asks for name and password"],
      ["login -u jane --password-stdin < secret", "without a terminal"],
    ],
    notes: "The password comes by --password-stdin, AI_CHAT_PASSWORD or the terminal, never in argv.",
    grace: 0,
    run: async () => (await import("../commands/login/login.ts")).login,
  },
  logout: {
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
    run: async () => (await import("../commands/logout/logout.ts")).logout,
  },
  password: {
    summary: "set a new password; every other login ends",
    options: account,
    secrets: ["token", "password"],
    examples: [
      ["password", "asks for the present one, then twice for the new one"],
      ["password --password-stdin < both", "the present one, then the new one, a line each"],
      ["password -u jane", "jane's, logged in or not"],
    ],
    notes:
      "The present password also comes by AI_CHAT_PASSWORD; the new one by the second line of --password-stdin or the terminal, never in argv.",
    grace: 0,
    run: async () => (await import("../commands/password/password.ts")).password,
  },
  whoami: {
    summary: "server, user, balance, and where the token came from",
    options: [],
    secrets: ["token"],
    examples: [
      ["whoami", "exit 4 when nobody is logged in"],
      ["whoami --json", "for programs"],
    ],
    grace: 0,
    run: async () => (await import("../commands/whoami/whoami.ts")).whoami,
  },
  balance: {
    summary: "tokens left, and for how many questions",
    options: [],
    secrets: ["token"],
    examples: [
      ["balance", "in words"],
      ["balance -q", "the bare number"],
    ],
    grace: 0,
    run: async () => (await import("../commands/balance/balance.ts")).balance,
  },
  usage: {
    summary: "questions a day as a bar chart, and the sum",
    options: ["days"],
    secrets: ["token"],
    examples: [
      ["usage", "the last 30 days"],
      ["usage --days 7", "a week"],
      ["usage --json", "for programs"],
    ],
    grace: 0,
    run: async () => (await import("../commands/usage/usage.ts")).usage,
  },
  servers: {
    summary: "every server with a token: user, balance, default",
    options: [],
    secrets: [],
    examples: [
      ["servers", "* is the one that is used without -s"],
      ["servers --json", "for programs"],
    ],
    grace: 5000,
    run: async () => (await import("../commands/servers/servers.ts")).servers,
  },
} satisfies Record<string, CommandSpec>;
