import { ClientError } from "../client/client-error.ts";
import { oneLine } from "../client/sanitize.ts";
import { commands } from "./commands.ts";
import type { CommandSpec } from "./command-spec.ts";
import type { Output } from "./output.ts";
import type { Program } from "./program.ts";
import { repeatable } from "./repeatable.ts";
import { stdinKind } from "./stdin.ts";
import { nearest, type SortedArgv } from "./words.ts";

/** The words as one quoted argument of a shell. */
const quoted = (words: readonly string[]) =>
  `"${repeatable(words.join(" ")).replaceAll(/[\\"$`]/g, "\\$&")}"`;

/** Characters of a mistyped text that are said again. */
const SAID_AGAIN = 200;

/**
 * The words as a question that can be typed; long ones, and what an option stands in the middle of, are left to the
 * person.
 */
const asQuestion = ({ between }: SortedArgv, words: readonly string[]) =>
  between === undefined && words.join(" ").length <= SAID_AGAIN ? quoted(words) : '"…"';

function unknownCommand(argv: SortedArgv, { name }: Program): ClientError {
  const { first = "", words } = argv;
  const close = nearest(first, [...commands.keys(), "help"]);
  const question = `${name} ask ${asQuestion(argv, [first, ...words])}`;
  const hint =
    close === undefined
      ? `To ask something: ${question}   All commands: ${name} help`
      : `Did you mean ${name} ${close}? To ask something: ${question}`;
  return new ClientError(
    "usage",
    `There is no command ${JSON.stringify(oneLine(repeatable(first), SAID_AGAIN))}.`,
    { hint },
  );
}

/** What is done without a command: `ask` for what comes in by a pipe or a file, the session at a terminal. */
function unnamed({ switches, words }: SortedArgv, output: Output, { name }: Program): string {
  if (words.length > 0)
    throw new ClientError("usage", "There is no command.", {
      hint: `To ask something: ${name} ask ${quoted(words)}`,
    });
  const kind = stdinKind();
  if ((kind === "pipe" || kind === "file") && !switches.has("noStdin")) return "ask";
  const talks = kind === "terminal" && output.stdout.isTTY && !output.json && !switches.has("noInput");
  if (talks) return "chat";
  throw new ClientError("usage", "There is no command, and no terminal for the session.", {
    hint: `To ask something: ${name} ask "What is a monad?"   All commands: ${name} help`,
  });
}

/**
 * The command that the first word names, or that is meant without one. Throws `usage` where there is none, with the
 * nearest.
 */
export function chosenCommand(
  argv: SortedArgv,
  output: Output,
  program: Program,
): { command: string; spec: CommandSpec } {
  const command = argv.first ?? unnamed(argv, output, program);
  const spec = commands.get(command);
  if (!spec) throw unknownCommand(argv, program);
  return { command, spec };
}

function checkOrder(argv: SortedArgv, command: string, spec: CommandSpec, { name }: Program): void {
  const { between, wordsBefore } = argv;
  if (between === undefined || (spec.twoWords === true && wordsBefore === 1)) return;
  const words = spec.words?.includes("|") ? "WORDS" : spec.words;
  const hint =
    command === "ask"
      ? `Quote the question, or put -- before it: ${name} ask "…"`
      : `Put it before or behind all of them: ${name} ${command} ${words} [OPTIONS]`;
  throw new ClientError("usage", `The option ${between} stands among the words.`, { hint });
}

/** Refuses words where the command takes none, and options that stand among them (CLI.md §1). Throws `usage`. */
export function checkWords(argv: SortedArgv, command: string, spec: CommandSpec, program: Program): void {
  if (spec.words !== undefined || argv.words.length === 0) return checkOrder(argv, command, spec, program);
  const { name } = program;
  // One of the words may be a password.
  if (spec.options.includes("passwordStdin"))
    throw new ClientError("usage", `${command} takes no words.`, {
      hint: `The name comes by -u NAME, the password as this says: ${name} ${command} --help`,
    });
  const hint =
    command === "chat"
      ? `To ask something: ${name} ask ${asQuestion(argv, argv.words)}`
      : `See: ${name} ${command} --help`;
  throw new ClientError("usage", `${command} takes no words, but there is ${quoted(argv.words)}.`, { hint });
}
