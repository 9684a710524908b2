import { forCommand, optionOf, ownOption, parseArgv } from "../../argv/parse-argv.ts";
import { firstWord, withoutCommandAsId } from "../../argv/chosen-command.ts";
import { commands } from "../../argv/commands.ts";
import type { OptionName } from "../../argv/options.ts";

/** The state of the command line before the word at the cursor. */
export interface Cursor {
  command: string | undefined;
  /** The words after the command. */
  words: readonly string[];
  /** The option whose value is expected, or may follow if the value is optional. */
  option: OptionName | undefined;
  /** The options that were given. */
  given: ReadonlySet<OptionName>;
  /** The text of `--server`, if it was given. */
  server: string | undefined;
  /** The cursor is after `--`, so the word is text. */
  literal: boolean;
}

/** Parses the words before the cursor, without the program's name. */
export function cursorAfter(typed: readonly string[]): Cursor {
  const parsed = withoutCommandAsId(parseArgv(typed));
  const command = firstWord(parsed);
  const taken = commands.get(command ?? "chat")?.options ?? [];
  const { flags, words, incomplete } = forCommand(parsed, taken);
  const last = typed.at(-1) ?? "";
  const bare = flags.get("resume") === "" && !last.includes("=") && optionOf(last) === "resume";
  const named = incomplete === undefined ? (bare ? "resume" : undefined) : optionOf(incomplete);
  const option = named && ownOption(named, taken);
  const given = new Set(flags.keys());
  if (option !== undefined) given.add(option);
  const server = flags.get("server");
  return {
    command,
    words: command === undefined ? words : words.slice(1),
    option,
    given,
    server: typeof server === "string" ? server : undefined,
    // A `--` can also be an option's value, but that is rare enough to ignore here.
    literal: typed.includes("--"),
  };
}
