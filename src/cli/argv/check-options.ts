import { ClientError } from "../../client/failure.ts";
import { nearest } from "../../text/nearest.ts";
import { optionNamed, type OptionName } from "./options.ts";
import { optionOf, ownOption, type ParsedArgv } from "./parse-argv.ts";

const flagOf = (name: OptionName) => `--${optionNamed(name).flag}`;

/**
 * Checks that the command takes every option that was given, and that each has a value exactly if it needs one. `whose`
 * is the subject of the message: a command or the program. Throws `usage` with `hint`.
 */
export function checkOptions(
  { flags, unknown, incomplete }: Pick<ParsedArgv, "flags" | "unknown" | "incomplete">,
  { whose, taken, hint }: { whose: string; taken: readonly OptionName[]; hint: string },
): void {
  const fail = (message: string) => {
    throw new ClientError("usage", message, { hint });
  };
  const known = unknown === undefined ? undefined : optionOf(unknown);
  if (unknown?.startsWith("--") && known !== undefined && taken.includes(ownOption(known, taken)))
    fail(`The option ${unknown} takes no value.`);
  const notTaken = [...flags.keys()].find((name) => !taken.includes(name));
  const unknownFlag = unknown ?? (notTaken === undefined ? undefined : flagOf(notTaken));
  if (unknownFlag !== undefined) {
    const own = taken.filter((name) => optionNamed(name).flag !== undefined).map(flagOf);
    const close = unknownFlag.startsWith("--") ? nearest(unknownFlag, own) : undefined;
    fail(`${whose} has no option ${unknownFlag}.${close === undefined ? "" : ` Did you mean ${close}?`}`);
  }
  const name = incomplete === undefined ? undefined : optionOf(incomplete);
  if (name !== undefined) fail(`The value of ${flagOf(name)} is missing.`);
}
