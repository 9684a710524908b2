import type { CommandSpec } from "../../argv/command-spec.ts";

/** `ask`: its options, help and run. */
export const spec: CommandSpec = {
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
  run: async () => (await import("./ask.ts")).ask,
};
