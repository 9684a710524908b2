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

/** A command and what was typed for it. */
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

/** What runs without a command: `ask` for a pipe or a file on stdin, the session at a terminal. */
function unnamed({ flags, words }: ParsedArgv, output: Output, { name }: Program): string {
  if (words.length > 0)
    throw new ClientError("usage", "There is no command.", {
      hint: `To ask something: ${name} ask ${quotedWords(words)}`,
    });
  const kind = stdinKind();
  if ((kind === "pipe" || kind === "file") && !flags.has("noStdin")) return "ask";
  const talks = kind === "terminal" && output.stdout.isTTY && !output.json && !flags.has("noInput");
  if (talks) return "chat";
  throw new ClientError("usage", "There is no command, and no terminal for the session.", {
    hint: `To ask something: ${name} ask "What is a monad?"   All commands: ${name} help`,
  });
}

/** The first word, unless it stands after `--`; undefined where there is none. */
export const firstWord = ({ words, literal }: ParsedArgv): string | undefined =>
  words.length > literal ? words[0] : undefined;

/** `-r ask` is the option without its ID and the command `ask`: no ID is taken that is a command's name. */
export function withoutCommandAsId(parsed: ParsedArgv): ParsedArgv {
  const { flags, words, literal } = parsed;
  const id = flags.get("resume");
  if (typeof id !== "string" || !commands.has(id) || commands.has(firstWord(parsed) ?? "")) return parsed;
  return { ...parsed, flags: new Map(flags).set("resume", ""), words: [id, ...words], literal };
}

/** The command that the first word names, or the one that runs without a name. Throws `usage` where there is none. */
export function chosenCommand(parsed: ParsedArgv, output: Output, program: Program): ChosenCommand {
  const first = firstWord(parsed);
  const { flags, words } = parsed;
  const command = first ?? unnamed(parsed, output, program);
  const spec = commands.get(command);
  if (!spec) throw unknownCommand(words, program);
  return { command, spec, flags, words: first === undefined ? words : words.slice(1) };
}
