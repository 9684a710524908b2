import type { CommandUi } from "../../session/command.ts";
import type { Choice } from "../../session/finding.ts";
import { editorTrouble } from "../editor-trouble.ts";
import { lineText } from "../line-text.ts";
import { codeBlocks } from "../markdown/code-blocks.ts";
import type { ChatOptions } from "../options.ts";
import type { Paper } from "./paper.ts";

/** What commands need of the line mode. A choice is a list, and a command that takes one of it. */
export function createLineUi(paper: Paper, options: ChatOptions, quit: () => void): CommandUi {
  const { stdin, terminal } = options;
  const about = ({ detail }: Choice) => `(${lineText(detail, terminal)})`;
  const list = (lineOf: (choice: Choice) => string, use: string) => (choices: readonly Choice[]) => {
    for (const choice of choices) paper.line(lineOf(choice));
    paper.line(use);
  };
  return {
    print: (text) => paper.line(text),
    copy: async (text) => ((await options.copyLocally?.(text)) === true ? "copied" : "none"),
    files: options.files,
    codeBlocks,
    choose: list((choice) => {
      const { id, title, words } = choice;
      return `${id}  ${title}  ${about(choice)}${words === "" ? "" : `  ${words}`}`;
    }, "/resume ID goes on with one of them."),
    chooseModel: list((choice) => `${choice.title}  ${about(choice)}`, "/model NAME chooses one of them."),
    chooseRole: list((choice) => {
      const { title, detail, words } = choice;
      return [title, detail === "" ? "" : about(choice), words].filter(Boolean).join("  ");
    }, "/role NAME chooses one of them."),
    chooseVersion: list(
      (choice) => `${choice.id}  ${choice.title}  ${about(choice)}  ${choice.words}`,
      "/versions N.V goes on with one of them.",
    ),
    chooseText: list(
      (choice) => `${choice.id}  ${choice.title}  ${about(choice)}`,
      "/copy N copies one of them.",
    ),
    editFile:
      stdin.isTTY && options.editFile
        ? (path) => {
            // The editor has the terminal to itself.
            const { isRaw } = stdin;
            if (isRaw) stdin.setRawMode(false);
            try {
              return editorTrouble(options.editFile?.(path) ?? { kind: "unset" });
            } finally {
              if (isRaw) stdin.setRawMode(true);
            }
          }
        : undefined,
    clearScreen: () => undefined,
    quit,
    keys: [
      "A line that ends with \\ goes on with the next one.",
      ...(stdin.isTTY ? ["@ and a name add a file to the question."] : []),
    ],
  };
}
