import type { SessionCommand } from "./command.ts";

/** `/compact [WORDS]`. */
export const compactCommand: SessionCommand = {
  name: "compact",
  argument: "[WORDS]",
  help: "sum up the turns so far, so that the AI reads less; WORDS: what matters most",
  asks: (session, words) => session.compacting.asks(words),
  run: (session, words) => session.compacting.run(words),
};
