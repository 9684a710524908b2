import type { CommandSpec } from "../../argv/command-spec.ts";

export const spec: CommandSpec = {
  summary: "one question, its answer on stdout",
  words: "[QUESTION…]",
  options: ["askModel", "role", "files", "continue", "resume", "startSaved", "stream"],
  secrets: ["token", "theme"],
  examples: [
    ['ask "What is a monad?"', "the answer as it comes"],
    ["ask explain this < error.log", "the question, a blank line, then the file"],
    ["ask -f src/app.ts -f notes.md#20-45 what is wrong here", "with a file, and with lines of another one"],
    ['ask -f shot.png "What is on it?"', "an image, for a model that takes them"],
    ['ask --save "Where is Rome?"', "starts a saved conversation, prints its ID"],
    ['ask -c "And Naples?"', "continues the newest; -r ID continues that one"],
    ['ask -m big "Why is the sky blue?"', "another model of this server"],
    ['ask --role teacher "What is a monad?"', "by what roles/teacher.md says"],
    ["git diff | %% ask - write a commit message", "- reads stdin of any kind"],
    ["ask --json -- is -5 odd", "after -- everything is text"],
    ["for f in *.md; do %% ask --no-stdin sum up $f; done", "in loops"],
  ],
  notes:
    "stdin is read to its end if it is a pipe or a file. Sockets and devices are read only with - as the first or last word. --no-stdin or </dev/null prevents reading. With --json, conversation is the ID under which this turn was saved, else null.",
  grace: 5000,
  run: async () => (await import("./ask.ts")).ask,
};
