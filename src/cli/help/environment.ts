import { optionNamed, options, type OptionName } from "../argv/options.ts";

/** Environment variables with the same meaning, and their text in the help and the man page. */
export interface Variable {
  /** The first that is set is used. */
  names: readonly string[];
  help: string;
  /** The default as shown, if there is one. */
  shown?: string;
}

/** The variables that belong to no option (docs/cli.md: colour, proxies, files; and those that Node reads). */
export const otherVariables: readonly Variable[] = [
  { names: ["NO_COLOR"], help: "no colours, unless it is empty" },
  { names: ["FORCE_COLOR"], help: "colours even without a terminal; 0 or false: no colours" },
  { names: ["FORCE_HYPERLINK"], help: "links that can be clicked, in any terminal; 0: none" },
  { names: ["ACCESSIBLE"], help: "line mode, as --plain; 0 and false count as unset" },
  { names: ["TERM"], help: "dumb: line mode; vt100, xterm-mono and others, or none: no colours" },
  { names: ["LC_ALL", "LC_CTYPE", "LANG"], help: "without UTF-8: only ASCII is drawn" },
  { names: ["HTTP_PROXY"], help: "proxy for http, also from a server to its AI; never used for loopback" },
  { names: ["HTTPS_PROXY"], help: "the same for https" },
  { names: ["ALL_PROXY"], help: "proxy for both, unless one of its own is set" },
  { names: ["NO_PROXY"], help: "names and networks reached without a proxy; *: all" },
  { names: ["NODE_EXTRA_CA_CERTS"], help: "a file of additional certificates to trust" },
  { names: ["XDG_CONFIG_HOME"], help: "folder of settings and tokens", shown: "~/.config" },
  { names: ["XDG_DATA_HOME"], help: "folder of conversations and your own server", shown: "~/.local/share" },
  { names: ["XDG_STATE_HOME"], help: "folder of your input history", shown: "~/.local/state" },
  { names: ["XDG_CACHE_HOME"], help: "folder of compiled code", shown: "~/.cache" },
  { names: ["AI_CHAT_DEBUG"], help: "1: print the stack trace of a failure" },
];

/** The variables of an option, with the one that names a file. */
export function variablesOf(name: OptionName): string[] {
  const { env = [], envFile } = optionNamed(name);
  return envFile === undefined ? [...env] : [...env, envFile];
}

/** The variables of options; the help names the flag that takes precedence. */
export function optionVariables(): Variable[] {
  return (Object.keys(options) as OptionName[]).flatMap((name) => {
    const { flag, help, shown } = optionNamed(name);
    const names = variablesOf(name);
    if (names.length === 0) return [];
    return [{ names, help: flag === undefined ? help : `as --${flag}: ${help}`, shown }];
  });
}
