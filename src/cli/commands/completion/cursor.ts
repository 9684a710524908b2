import { optionOf, parseArgv } from "../../argv/parse-argv.ts";
import { firstWord, withoutCommandAsId } from "../../argv/chosen-command.ts";
import type { OptionName } from "../../argv/options.ts";

/** Where the cursor stands: what was typed before the word that is being typed. */
export interface Cursor {
  command: string | undefined;
  /** The words after the command. */
  words: readonly string[];
  /** The option whose value may come next; it must come, unless the value is optional. */
  option: OptionName | undefined;
  /** Options that are there already. */
  given: ReadonlySet<OptionName>;
  /** After `--`, where everything is text. */
  literal: boolean;
}

/** Reads what stands before the cursor, without the program's name. */
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
    // A `--` that is an option's value is rare enough to be taken for the end of the options here.
    literal: typed.includes("--"),
  };
}
