import { Command, CommanderError, Option } from "commander";
import { optionNamed, options, type OptionName } from "./options.ts";

/** The program's arguments, read once by commander. Values are text here; nothing is checked against a command. */
export interface ParsedArgv {
  /** The options that were given: their value, true for a switch, "" for an optional value that was left out. */
  flags: ReadonlyMap<OptionName, string | true>;
  /** Everything that is neither an option nor its value, in order; only what stands before an unknown option. */
  words: readonly string[];
  /** How many of the words stood after `--`; they are the last ones. */
  literal: number;
  /** The first option that the program does not have, without its value, which may be a secret. */
  unknown: string | undefined;
  /** The last argument, where it is an option that lacks its value. */
  incomplete: string | undefined;
}

const flagged = (Object.keys(options) as OptionName[]).filter((name) => optionNamed(name).flag !== undefined);

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

/** How many arguments stand after the `--` that ends the options; 0 where none does. An option's value may be `--`. */
function literalCount(argv: readonly string[], words: readonly string[]): number {
  for (let at = argv.indexOf("--"); at !== -1; at = argv.indexOf("--", at + 1)) {
    const rest = argv.length - at - 1;
    if (rest <= words.length && argv.slice(at + 1).every((item, n) => item === words.at(n - rest)))
      return rest;
  }
  return 0;
}

/** Reads argv (without node and script). Option names are unique in the program, so one parser knows all of them. */
export function parseArgv(argv: readonly string[]): ParsedArgv {
  const flags = new Map<OptionName, string | true>();
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  for (const name of flagged) {
    const option = commanderOption(name);
    command.addOption(option);
    // Events keep `--save` and `--no-save` apart; in `opts()` they are one attribute.
    command.on(`option:${option.name()}`, (value: string | null | undefined) => {
      flags.set(name, value ?? (option.optional ? "" : true));
    });
  }
  try {
    const { operands: words, unknown } = command.parseOptions([...argv]);
    const literal = literalCount(argv, words);
    const stranger = unknown[0] === undefined ? undefined : withoutValue(unknown[0]);
    return { flags, words, literal, unknown: stranger, incomplete: undefined };
  } catch (error) {
    if (!(error instanceof CommanderError) || error.code !== "commander.optionMissingArgument") throw error;
    // Only the last argument can lack its value: any other takes the next one.
    const before = parseArgv(argv.slice(0, -1));
    return { ...before, flags, incomplete: argv.at(-1) };
  }
}

/** The option that an argument names; of several short ones in it, the last. */
export function optionOf(item: string): OptionName | undefined {
  if (!item.startsWith("-")) return undefined;
  const typed = item.startsWith("--") ? item.slice(2).replace(/=.*$/s, "") : item.slice(-1);
  return flagged.find((name) => {
    const { flag, short } = optionNamed(name);
    return typed === (item.startsWith("--") ? flag : short);
  });
}
