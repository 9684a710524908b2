import type { OwnTexts } from "../client/kept/own-texts.ts";
import type { ShownCommand } from "./shown-command.ts";

/** The user's prompts: `prompts/NAME.md` is sent by `/NAME` (docs/session.md#prompts). */
export interface Prompts {
  /** As the menu and the help show them; without those whose name is a command's. */
  list(): Promise<readonly ShownCommand[]>;
  /** The question of a text such as `/NAME some words`; what is wrong with the file; or undefined if the text names no prompt. */
  questionOf(typed: string): { question: string } | { why: string } | undefined;
  /** What to say, once, when a command runs that has the name of a prompt. */
  hiddenBy(command: string): string | undefined;
}

/** `/NAME`, and what follows. `/etc/passwd` and `//text` name none. */
const CALL = /^\/([^\s/]+)(?:\s+([^]*))?$/;
const PLACE = "$ARGUMENTS";

/** What the prompts of a session are made of. */
export interface PromptSource {
  texts: OwnTexts;
  /** Whether the session has a command of that name, which then wins over a prompt. */
  isCommand: (name: string) => boolean;
}

/** Without a source there are none. */
export function createPrompts({ texts, isCommand }: Partial<PromptSource> = {}): Prompts {
  const isHidden = (name: string) => isCommand?.(name) === true;
  const looked = new Set<string>();
  return {
    async list() {
      const found = (await texts?.list()) ?? [];
      return found.flatMap(({ name, about }) =>
        isHidden(name)
          ? []
          : [{ name, argument: "[TEXT]", help: about, whileAnswering: true, isCompleted: true }],
      );
    },
    questionOf(typed) {
      const [, name = "", words = ""] = CALL.exec(typed.trim()) ?? [];
      if (name === "" || isHidden(name)) return undefined;
      const found = texts?.read(name);
      if (found?.kind === "refused") return { why: found.why };
      return found?.kind === "text" ? { question: filledIn(found.text, words) } : undefined;
    },
    hiddenBy(command) {
      if (looked.has(command)) return undefined;
      looked.add(command);
      const found = texts?.read(command) ?? { kind: "missing" };
      if (found.kind === "missing") return undefined;
      return `prompts/${command}.md is not used: /${command} is a command of the session.`;
    },
  };
}

/** The text with the words in the place of each `$ARGUMENTS`; without such a place they follow it. */
function filledIn(text: string, words: string): string {
  if (text.includes(PLACE)) return text.replaceAll(PLACE, () => words).trim();
  return words === "" ? text : `${text}\n\n${words}`;
}
