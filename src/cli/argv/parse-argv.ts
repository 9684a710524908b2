import { Command, CommanderError, Option } from "commander";
import { joinedTexts, textsOf } from "./option.ts";
import { optionNamed, options, type OptionName } from "./options.ts";

/** The program's arguments, as parsed by commander. Values are unchecked text. */
export interface ParsedArgv {
  /** The given options: the value, true for a switch, "" for an optional value that was left out, all values of one that repeats. */
  flags: ReadonlyMap<OptionName, string | true>;
  /** The arguments that are neither an option nor its value, in order, up to the first unknown option. */
  words: readonly string[];
  /** How many of the last words came after `--`. */
  literal: number;
  /** The first unknown option, without its value, which may be a secret. */
  unknown: string | undefined;
  /** The last argument, if it is an option without its required value. */
  incomplete: string | undefined;
}

const all = Object.keys(options) as OptionName[];

/** One option for each flag. Two commands can have a flag of the same name: see `ownOption`. */
const flagged = all.filter((name) => {
  const { flag } = optionNamed(name);
  return flag !== undefined && name === all.find((other) => optionNamed(other).flag === flag);
});

/** What the flag of the option means for a command with the options `taken`: `--model` is another one for `serve`. */
export function ownOption(name: OptionName, taken: readonly OptionName[]): OptionName {
  if (taken.includes(name)) return name;
  const { flag } = optionNamed(name);
  return taken.find((other) => flag !== undefined && optionNamed(other).flag === flag) ?? name;
}

/** The arguments, as the options of a command that takes these. */
export function forCommand(parsed: ParsedArgv, taken: readonly OptionName[]): ParsedArgv {
  const flags = new Map(
    [...parsed.flags].map(([name, value]) => {
      const own = ownOption(name, taken);
      // Of two values for an option that does not repeat, the last one counts.
      const isLast = typeof value === "string" && optionNamed(own).repeats !== true;
      return [own, isLast ? (textsOf(value).at(-1) ?? "") : value];
    }),
  );
  return { ...parsed, flags };
}

function commanderOption(name: OptionName): Option {
  const { flag, short, value, optional } = optionNamed(name);
  const forms = short === undefined ? `--${flag}` : `-${short}, --${flag}`;
  return new Option(
    value === undefined ? forms : `${forms} ${optional === true ? `[${value}]` : `<${value}>`}`,
  );
}

function withoutValue(item: string): string {
  if (item.startsWith("--")) return item.replace(/=.*$/s, "");
  return item.length > 2 ? `${item.slice(0, 2)}…` : item;
}

/** The number of arguments after the `--` that ends the options. A `--` can also be an option's value. */
function literalCount(argv: readonly string[], words: readonly string[]): number {
  for (let at = argv.indexOf("--"); at !== -1; at = argv.indexOf("--", at + 1)) {
    const rest = argv.length - at - 1;
    if (rest <= words.length && argv.slice(at + 1).every((item, n) => item === words.at(n - rest)))
      return rest;
  }
  return 0;
}

/** Parses argv without node and script. A flag has the same form in every command, so one parser handles all of them. */
export function parseArgv(argv: readonly string[]): ParsedArgv {
  const flags = new Map<OptionName, string | true>();
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  for (const name of flagged) {
    const option = commanderOption(name);
    command.addOption(option);
    // `opts()` would merge `--save` and `--no-save` into one attribute; events keep them separate.
    command.on(`option:${option.name()}`, (value: string | null | undefined) => {
      const before = flags.get(name);
      const isMore =
        optionNamed(name).repeats === true && typeof before === "string" && typeof value === "string";
      flags.set(name, isMore ? joinedTexts([before, value]) : (value ?? (option.optional ? "" : true)));
    });
  }
  try {
    const { operands: words, unknown } = command.parseOptions([...argv]);
    const literal = literalCount(argv, words);
    const unknownFlag = unknown[0] === undefined ? undefined : withoutValue(unknown[0]);
    return { flags, words, literal, unknown: unknownFlag, incomplete: undefined };
  } catch (error) {
    if (!(error instanceof CommanderError) || error.code !== "commander.optionMissingArgument") throw error;
    // Only the last argument can lack its value: any other option takes the next argument as its value.
    const before = parseArgv(argv.slice(0, -1));
    return { ...before, flags, incomplete: argv.at(-1) };
  }
}

/** The option named by an argument; for combined short options, the last one. */
export function optionOf(item: string): OptionName | undefined {
  if (!item.startsWith("-")) return undefined;
  const typed = item.startsWith("--") ? item.slice(2).replace(/=.*$/s, "") : item.slice(-1);
  return flagged.find((name) => {
    const { flag, short } = optionNamed(name);
    return typed === (item.startsWith("--") ? flag : short);
  });
}
