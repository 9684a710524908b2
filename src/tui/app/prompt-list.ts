import type { Prompts } from "../../session/prompts.ts";
import type { ShownCommand } from "../../session/shown-command.ts";
import type { EditorState } from "../composer/editor-state.ts";

interface Needs {
  prompts: Pick<Prompts, "list">;
  found: (prompts: readonly ShownCommand[]) => void;
  crash: (error: unknown) => void;
}

/** Reads the names of prompts when a slash is typed: not at the start, and not between a key and the screen. */
export function createPromptList({ prompts, found, crash }: Needs) {
  let isListed = false;
  return {
    /** To be called after each key. */
    follow({ text, literal }: EditorState) {
      const isCommand = text.startsWith("/") && !literal;
      if (isCommand && !isListed) prompts.list().then(found, crash);
      isListed = isCommand;
    },
  };
}
