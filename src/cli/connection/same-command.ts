import { commandWords } from "../../text/command-words.ts";
import { shellWord } from "../../text/shell-word.ts";
import type { Call } from "../argv/call.ts";
import { optionNamed, type OptionName } from "../argv/options.ts";

const ofStore: ReadonlySet<OptionName> = new Set(["config", "data", "ledgerKey", "store"]);

/** The options that were typed and are `wanted`, as they can be typed again. A Postgres address is never shown. */
const typed = ({ flags }: Pick<Call, "flags">, wanted: (name: OptionName) => boolean): string[] =>
  [...flags].flatMap(([name, value]) => {
    if (!wanted(name)) return [];
    const flag = `--${optionNamed(name).flag}`;
    if (name === "store") return [`${flag} URL`];
    return [value === true ? flag : `${flag} ${shellWord(value)}`];
  });

/** The command to run again, with the options that were typed, but `without`, and with `more`. */
export function sameCommand(call: Call, more = "", without?: OptionName): string {
  const { program, command, words } = call;
  const [added = ""] = more.split(" ");
  const given = typed(call, (name) => name !== without && `--${optionNamed(name).flag}` !== added);
  return `${program.name} ${commandWords(command, words, [...given, more].join(" ").trim())}`;
}

/** The command that lists the accounts of the same store. */
export const listCommand = (call: Pick<Call, "program" | "flags">): string =>
  `${call.program.name} ${commandWords("accounts", ["list"], typed(call, (name) => ofStore.has(name)).join(" "))}`;
