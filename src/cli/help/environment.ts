import { optionNamed, options, type OptionName } from "../argv/options.ts";

/** Environment variables of one meaning, and what the help and the man page say of them. */
export interface Variable {
  /** The first that is set counts. */
  names: readonly string[];
  help: string;
  /** The default as it is shown, where there is one. */
  shown?: string;
}

/** The variables that are no option's: CLI.md §1 (colour, locale, proxies) and §3 (folders), and what Node obeys. */
export const otherVariables: readonly Variable[] = [
  { names: ["NO_COLOR"], help: "no colours, unless it is empty" },
  { names: ["FORCE_COLOR"], help: "colours also where there is no terminal; 0 or false: none" },
  { names: ["ACCESSIBLE"], help: "the line mode, as --plain; not with 0 or false" },
  { names: ["TERM"], help: "dumb: the line mode, without colours" },
  { names: ["LC_ALL", "LC_CTYPE", "LANG"], help: "without UTF-8 in it: only ASCII is drawn" },
  { names: ["HTTP_PROXY"], help: "the proxy to http servers; loopback never goes through one" },
  { names: ["HTTPS_PROXY"], help: "the proxy to https servers, and of a server to its AI" },
  { names: ["NO_PROXY"], help: "names that are reached without a proxy" },
  { names: ["NODE_EXTRA_CA_CERTS"], help: "a file of certificates to trust besides the usual ones" },
  { names: ["PGPASSWORD"], help: "the password of a Postgres store" },
  { names: ["XDG_CONFIG_HOME"], help: "where settings and tokens lie", shown: "~/.config" },
  { names: ["XDG_DATA_HOME"], help: "where conversations and your own server lie", shown: "~/.local/share" },
  { names: ["XDG_STATE_HOME"], help: "where what you typed is kept", shown: "~/.local/state" },
  { names: ["AI_CHAT_DEBUG"], help: "1: a failure's stack on stderr" },
];

/** The variables of options, each with the flag that goes before it. */
export function optionVariables(): Variable[] {
  return (Object.keys(options) as OptionName[]).flatMap((name) => {
    const { env, flag, help, shown } = optionNamed(name);
    if (env === undefined) return [];
    return [{ names: env, help: flag === undefined ? help : `as --${flag}: ${help}`, shown }];
  });
}
