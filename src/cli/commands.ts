import type { Call } from "./call.ts";
import { everywhere, ofServer, type OptionName } from "./options.ts";

/** One command: what it takes, what its help shows, and where its work is done (loaded when it is called). */
export interface CommandSpec {
  summary: string;
  /** What stands behind it in the usage line; absent where it takes no words. */
  words?: string;
  /** The first of them belongs to the command's name: options may stand behind it. */
  twoWords?: boolean;
  options: readonly OptionName[];
  /** Of the options of every command, those that mean something here; all where it does not say. */
  common?: readonly OptionName[];
  /** Settings that come by environment alone. */
  secrets: readonly OptionName[];
  /** Without the program's name. */
  examples: readonly (readonly [line: string, what: string])[];
  notes?: string;
  /**
   * Milliseconds that it may take to end by itself after a signal; Infinity where it ends by itself in any case.
   */
  grace: number;
  run(): Promise<(call: Call) => Promise<number | void>>;
}

const account: readonly OptionName[] = ["username", "passwordStdin"];

/** Of the options of every command, those of one that talks to no server. */
const withoutServer = everywhere.filter((name) => name !== "server" && name !== "timeout");

/** The commands by their names, in the order of the help. A Map: `toString` is no command. */
export const commands = new Map<string, CommandSpec>([
  [
    "chat",
    {
      summary: "the interactive session; also without any command",
      options: ["continue", "resume", "plain", "noSave"],
      secrets: ["token", "password", "save", "editor"],
      examples: [
        ["", "the session, with your default server or your own"],
        ["chat -s chat.example.org", "with this server"],
        ["-c", "go on with the newest conversation"],
        ["-r", "choose one from a list"],
        ["chat --plain", "a question a line, for screen readers and pipes"],
      ],
      grace: 5000,
      run: async () => (await import("./commands/chat.ts")).chat,
    },
  ],
  [
    "ask",
    {
      summary: "one question, its answer on stdout",
      words: "[QUESTION…]",
      options: ["stream"],
      secrets: ["token"],
      examples: [
        ['ask "What is a monad?"', "the answer as it comes"],
        ["ask explain this < error.log", "the question, a blank line, then the file"],
        ["git diff | %% ask - write a commit message", "- reads stdin of any kind"],
        ["ask --json -- is -5 odd", "behind -- everything is text"],
        ["for f in *.md; do %% ask --no-stdin sum up $f; done", "in loops"],
      ],
      notes:
        "stdin is read to its end when it is a pipe or a file; sockets and devices only with the word - at the front or the end. --no-stdin or </dev/null keeps it out.",
      grace: 5000,
      run: async () => (await import("./commands/ask.ts")).ask,
    },
  ],
  [
    "register",
    {
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
      run: async () => (await import("./commands/register.ts")).register,
    },
  ],
  [
    "login",
    {
      summary: "log in; the token is kept for this server",
      options: account,
      secrets: ["password"],
      examples: [
        ["login", "asks for name and password"],
        ["login -u jane --password-stdin < secret", "without a terminal"],
      ],
      notes: "The password comes by --password-stdin, AI_CHAT_PASSWORD or the terminal, never in argv.",
      grace: 0,
      run: async () => (await import("./commands/login.ts")).login,
    },
  ],
  [
    "logout",
    {
      summary: "forget the token of this server, here and there",
      options: [],
      secrets: ["token"],
      examples: [
        ["logout", "the default server's"],
        ["logout -s local", "that of your own server"],
      ],
      notes: "The token is always forgotten here; a server that can't take it back lets it end by itself.",
      grace: 5000,
      run: async () => (await import("./commands/logout.ts")).logout,
    },
  ],
  [
    "password",
    {
      summary: "set a new password; every other login ends",
      options: ["passwordStdin"],
      secrets: ["token", "password"],
      examples: [
        ["password", "asks for the present one, then twice for the new one"],
        ["password --password-stdin < both", "the present one, then the new one, a line each"],
      ],
      notes:
        "The present password also comes by AI_CHAT_PASSWORD; the new one by the second line of --password-stdin or the terminal, never in argv.",
      grace: 0,
      run: async () => (await import("./commands/password.ts")).password,
    },
  ],
  [
    "whoami",
    {
      summary: "server, user, balance, and where the token came from",
      options: [],
      secrets: ["token"],
      examples: [
        ["whoami", "exit 4 when nobody is logged in"],
        ["whoami --json", "for programs"],
      ],
      grace: 0,
      run: async () => (await import("./commands/whoami.ts")).whoami,
    },
  ],
  [
    "balance",
    {
      summary: "tokens left, and for how many questions",
      options: [],
      secrets: ["token"],
      examples: [
        ["balance", "in words"],
        ["balance -q", "the bare number"],
      ],
      grace: 0,
      run: async () => (await import("./commands/balance.ts")).balance,
    },
  ],
  [
    "usage",
    {
      summary: "questions a day as a bar chart, and the sum",
      options: ["days"],
      secrets: ["token"],
      examples: [
        ["usage", "the last 30 days"],
        ["usage --days 7", "a week"],
        ["usage --json", "for programs"],
      ],
      grace: 0,
      run: async () => (await import("./commands/usage.ts")).usage,
    },
  ],
  [
    "servers",
    {
      summary: "every server with a token: user, balance, which is the default",
      options: [],
      secrets: [],
      examples: [
        ["servers", "* is the one that is used without -s"],
        ["servers --json", "for programs"],
      ],
      grace: 5000,
      run: async () => (await import("./commands/servers.ts")).servers,
    },
  ],
  [
    "conversations",
    {
      summary: "the saved conversations of this machine",
      words: "list|show ID|search TEXT|export ID|delete ID",
      options: ["format"],
      common: everywhere.filter((name) => name !== "server" && name !== "timeout"),
      secrets: [],
      examples: [
        ["conversations list", "the latest first"],
        ["conversations show k3", "by the beginning of its ID"],
        ["conversations search trip to rome", "in titles, questions and answers"],
        ["conversations export k3 --format json > rome.json", "else Markdown"],
        ["conversations delete k3", "for good"],
      ],
      grace: 1000,
      run: async () => (await import("./commands/conversations.ts")).conversations,
    },
  ],
  [
    "config",
    {
      summary: "your settings: server, save, plain, timeout, editor",
      words: "list|get KEY|set KEY VALUE|unset KEY|path",
      options: [],
      common: everywhere.filter((name) => name !== "server" && name !== "timeout"),
      secrets: [],
      examples: [
        ["config list", "every setting, and where its value came from"],
        ["config set server chat.example.org", "your default server"],
        ["config set timeout 60", "longest silence of a server, in seconds"],
        ["config unset server", "as it was at first"],
        ["config path", "the file"],
      ],
      grace: 0,
      run: async () => (await import("./commands/config.ts")).config,
    },
  ],
  [
    "serve",
    {
      summary: "run a chat server",
      options: ofServer,
      common: withoutServer,
      secrets: ["apiKey", "jwtSecret"],
      examples: [
        ["serve", "on http://127.0.0.1:8000, with whatever AI is there"],
        ["serve --provider demo --port 9000", "needs no key and no network"],
        ["serve --base-url http://localhost:11434/v1 --model llama3.2", "Ollama's"],
      ],
      notes:
        "Every option is also an environment variable: AI_CHAT_QUESTION_TIMEOUT. The AI's key is AI_CHAT_API_KEY, else OPENAI_API_KEY. AI_CHAT_JWT_SECRET signs tokens (32 bytes or more); without it the store makes and keeps one.",
      grace: Number.POSITIVE_INFINITY,
      run: async () => (await import("./commands/serve.ts")).serve,
    },
  ],
  [
    "grant",
    {
      summary: "give somebody tokens",
      words: "NAME TOKENS",
      options: ["data", "store", "id"],
      common: withoutServer,
      secrets: [],
      examples: [
        ["grant jane 4000", "at your own server, running or not"],
        ["grant jane 4000 --data /srv/ai-chat", "in that folder"],
        ["grant jane 4000 --id june", "once, however often it is repeated"],
      ],
      notes:
        "Whoever may read the data folder may grant. A server that runs on it goes on and knows at once; the ledger gets a line. With --store, in Postgres.",
      grace: 0,
      run: async () => (await import("./commands/grant.ts")).grant,
    },
  ],
  [
    "store",
    {
      summary: "check a data folder; move it into Postgres, or back",
      words: "check DIR | copy FROM TO",
      twoWords: true,
      options: [],
      common: withoutServer,
      secrets: [],
      examples: [
        ["store check /srv/ai-chat", "is it whole? Exit 1 when it is damaged"],
        ["store check /srv/ai-chat --json", "for programs"],
        ["store copy /srv/ai-chat postgres://chat@db/chat", "its password by PGPASSWORD"],
      ],
      notes:
        "check reads every line and every sum and changes nothing; a server may be running on the folder. Says what is wrong, where, and how to repair it. copy wants an empty target and no server on either side, and adds up both; interrupted, it leaves the target unused.",
      grace: 0,
      run: async () => (await import("./commands/store.ts")).store,
    },
  ],
]);
