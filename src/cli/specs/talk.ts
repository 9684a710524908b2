import type { CommandSpec } from "../argv/command-spec.ts";

/** Commands that ask something. */
export const talkCommands = {
  chat: {
    summary: "the interactive session; also without any command",
    options: ["continue", "resume", "plain", "noSave"],
    secrets: ["token", "save", "editor"],
    examples: [
      ["", "the session, with your default server or your own"],
      ["chat -s chat.example.org", "with this server"],
      ["-c", "go on with the newest conversation"],
      ["-r", "choose one from a list"],
      ["chat --plain", "a question a line, for screen readers and pipes"],
    ],
    grace: 5000,
    run: async () => (await import("../commands/chat/chat.ts")).chat,
  },
  ask: {
    summary: "one question, its answer on stdout",
    words: "[QUESTION…]",
    options: ["continue", "resume", "startSaved", "stream"],
    secrets: ["token"],
    examples: [
      ['ask "What is a monad?"', "the answer as it comes"],
      ["ask explain this < error.log", "the question, a blank line, then the file"],
      ['ask --save "Where is Rome?"', "starts a saved conversation, tells its ID"],
      ['ask -c "And Naples?"', "goes on with the newest, -r ID with that one"],
      ["git diff | %% ask - write a commit message", "- reads stdin of any kind"],
      ["ask --json -- is -5 odd", "behind -- everything is text"],
      ["for f in *.md; do %% ask --no-stdin sum up $f; done", "in loops"],
    ],
    notes:
      "stdin is read to its end when it is a pipe or a file; sockets and devices only with the word - at the front or the end. --no-stdin or </dev/null keeps it out. With --json, conversation is the one that this turn was saved in, else null.",
    grace: 5000,
    run: async () => (await import("../commands/ask/ask.ts")).ask,
  },
} satisfies Record<string, CommandSpec>;
