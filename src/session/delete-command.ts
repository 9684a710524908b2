import { turnsIn } from "../client/conversations/summarized.ts";
import { counted } from "../text/numbers.ts";
import type { SessionCommand } from "./command.ts";
import { resumable } from "./state.ts";

/** `/delete`. */
export const deleteCommand: SessionCommand = {
  name: "delete",
  help: "delete this conversation permanently, and start a new one",
  asks({ state }) {
    if (resumable(state) === undefined) return undefined;
    const turns = counted(state.earlier + turnsIn(state.turns), "turn");
    return `This deletes "${state.title}", ${turns}, permanently.`;
  },
  run: (session) => session.saver.remove(),
};
