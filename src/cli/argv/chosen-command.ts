import { ClientError } from "../../client/failure.ts";
import { nearest } from "../../text/nearest.ts";
import { oneLine } from "../../text/sanitize.ts";
import { LONGEST_REPEATED, quotedWords, shortQuestion } from "./quoted-words.ts";
import type { ParsedArgv } from "./parse-argv.ts";
import { commands } from "./commands.ts";
import type { CommandSpec } from "./command-spec.ts";
import type { OptionName } from "./options.ts";
import type { Output } from "../io/output.ts";
import type { Program } from "./program.ts";
import { repeatable } from "../../text/repeatable.ts";
import { stdinKind } from "../io/stdin.ts";

/** A command with its words and flags. */
export interface ChosenCommand {
  command: string;
  spec: CommandSpec;
  /** The words after the command. */
  words: readonly string[];
  flags: ReadonlyMap<OptionName, string | true>;
}

function unknownCommand(words: readonly string[], { name }: Program): ClientError {
  const [first = ""] = words;
  const close = nearest(first, [...commands.keys(), "help"]);
  const question = `${name} ask ${shortQuestion(words)}`;
  const hint =
    close === undefined
      ? `To ask something: ${question}   All commands: ${name} help`
      : `Did you mean ${name} ${close}? To ask something: ${question}`;
  return new ClientError(
    "usage",
    `There is no command ${JSON.stringify(oneLine(repeatable(first), LONGEST_REPEATED))}.`,
    { hint },
  );
}

/** The command that runs if none is named: `ask` if stdin is a pipe or a file, `chat` at a terminal. */
function defaultCommand({ flags, words }: ParsedArgv, output: Output, { name }: Program): string {
  if (words.length > 0)
    throw new ClientError("usage", "There is no command.", {
      hint: `To ask something: ${name} ask ${quotedWords(words)}`,
    });
  const kind = stdinKind();
  if ((kind === "pipe" || kind === "file") && !flags.has("noStdin")) return "ask";
  const isInteractive = kind === "terminal" && output.stdout.isTTY && !output.json && !flags.has("noInput");
  if (isInteractive) return "chat";
  throw new ClientError("usage", "There is no command, and no terminal for the session.", {
    hint: `To ask something: ${name} ask "What is a monad?"   All commands: ${name} help`,
  });
}

/** The first word; undefined if there is none before `--`. */
export const firstWord = ({ words, literal }: ParsedArgv): string | undefined =>
  words.length > literal ? words[0] : undefined;

/** Reads `-r ask` as -r without an ID and the command `ask`: a command's name is never taken as an ID. */
export function withoutCommandAsId(parsed: ParsedArgv): ParsedArgv {
  const { flags, words, literal } = parsed;
  const id = flags.get("resume");
  if (typeof id !== "string" || !commands.has(id) || commands.has(firstWord(parsed) ?? "")) return parsed;
  return { ...parsed, flags: new Map(flags).set("resume", ""), words: [id, ...words], literal };
}

/** The command named by the first word, or the default one. Throws `usage` if neither applies. */
export function chosenCommand(parsed: ParsedArgv, output: Output, program: Program): ChosenCommand {
  const first = firstWord(parsed);
  const { flags, words } = parsed;
  const command = first ?? defaultCommand(parsed, output, program);
  const spec = commands.get(command);
  if (!spec) throw unknownCommand(words, program);
  return { command, spec, flags, words: first === undefined ? words : words.slice(1) };
}
