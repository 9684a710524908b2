import { optionOf, parseArgv } from "../../argv/parse-argv.ts";
import { firstWord, withoutCommandAsId } from "../../argv/chosen-command.ts";
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
  /** The cursor is after `--`, so the word is text. */
  literal: boolean;
}

/** Parses the words before the cursor, without the program's name. */
export function cursorAfter(typed: readonly string[]): Cursor {
  const parsed = withoutCommandAsId(parseArgv(typed));
  const { flags, words, incomplete } = parsed;
  const last = typed.at(-1) ?? "";
  const bare = flags.get("resume") === "" && !last.includes("=") && optionOf(last) === "resume";
  const option = incomplete === undefined ? (bare ? "resume" : undefined) : optionOf(incomplete);
  const given = new Set(flags.keys());
  if (option !== undefined) given.add(option);
  const command = firstWord(parsed);
  return {
    command,
    words: command === undefined ? words : words.slice(1),
    option,
    given,
    // A `--` can also be an option's value, but that is rare enough to ignore here.
    literal: typed.includes("--"),
  };
}
