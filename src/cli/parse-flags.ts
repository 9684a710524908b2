import { Command, CommanderError, Option } from "commander";
import { ClientError } from "../client/client-error.ts";
import { optionNamed, type OptionName } from "./options.ts";

function commanderOption(name: OptionName): Option {
  const { flag, short, value, optional } = optionNamed(name);
  const names = short === undefined ? `--${flag}` : `-${short}, --${flag}`;
  return new Option(
    value === undefined ? names : `${names} ${optional === true ? `[${value}]` : `<${value}>`}`,
  );
}

/** commander's message as a sentence of ours: no prefix, its suggestion behind it, what may be a secret left out. */
function sentence(error: CommanderError): string {
  const [, lacking] = /^error: option '(.+)' argument missing$/.exec(error.message) ?? [];
  if (lacking !== undefined) return `The value of ${lacking} is missing.`;
  const [what = "", suggestion = ""] = error.message
    .replace(/^error: /, "")
    .replace(/^(unknown option '--[^=']*)=.*(?='(\n|$))/s, "$1")
    .replace(/^(unknown option '-[^-]).+(?='(\n|$))/s, "$1…")
    .split("\n");
  const capital = what.charAt(0).toUpperCase() + what.slice(1);
  return `${capital}.${suggestion === "" ? "" : ` ${suggestion.replace(/^\(|\)$/g, "")}`}`;
}

/**
 * The flags of one command, as text; their values aren't checked here. Throws `ClientError("usage")` for a flag that
 * the command doesn't have and for one that lacks its value.
 */
export function parseFlags(
  names: Iterable<OptionName>,
  argv: readonly string[],
  hint: string,
): Map<OptionName, string | true> {
  const command = new Command()
    .helpOption(false)
    .helpCommand(false)
    .argument("[words...]")
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} });
  const known = [...names].filter((name) => optionNamed(name).flag !== undefined);
  const byAttribute = new Map(known.map((name) => [commanderOption(name).attributeName(), name]));
  for (const name of known) command.addOption(commanderOption(name));
  try {
    command.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const [, given] = /^error: unknown option '--([^=']+)=/.exec(error.message) ?? [];
    const isSwitch = known.some((name) => optionNamed(name).flag === given);
    throw new ClientError("usage", isSwitch ? `The option --${given} takes no value.` : sentence(error), {
      hint,
    });
  }
  const flags = new Map<OptionName, string | true>();
  for (const [attribute, value] of Object.entries(command.opts<Record<string, unknown>>())) {
    const name = byAttribute.get(attribute);
    // A `--no-…` switch is true until it stands there.
    if (name === undefined || command.getOptionValueSource(attribute) !== "cli") continue;
    const without = optionNamed(name).optional === true ? "" : true;
    flags.set(name, typeof value === "string" ? value : without);
  }
  return flags;
}
