import type { SettingName } from "../../client/kept/settings.ts";
import type { Option } from "./option.ts";
import { optionNamed, options, type OptionName, type Values } from "./options.ts";
import { repeatable } from "../../text/repeatable.ts";

export type Source = "flag" | "environment" | "file" | "default";

export interface Resolved {
  values: Values;
  sources: Partial<Record<OptionName, Source>>;
  /** One sentence for each variable that was ignored. */
  warnings: string[];
}

/** The sources of values, highest precedence first (docs/cli.md#precedence). */
export interface Given {
  /** Text, or true for a switch. */
  flags: ReadonlyMap<OptionName, string | true>;
  env: Record<string, string | undefined>;
  /** The settings file. */
  setting: (key: SettingName) => string | number | boolean | undefined;
}

interface Found {
  source: Source;
  /** The source's name: `--port`, `AI_CHAT_PORT`, `the setting timeout`. */
  called: string;
  text: string;
}

/** The value of the source with the highest precedence. An empty environment variable counts as unset. */
function find(
  name: OptionName,
  option: Option<unknown>,
  { flags, env, setting }: Given,
  warn: (sentence: string) => void,
): Found | undefined {
  const flag = flags.get(name);
  if (flag !== undefined) return { source: "flag", called: `--${option.flag}`, text: String(flag) };
  for (const variable of option.env ?? []) {
    const text = env[variable];
    if (text === undefined || text === "") continue;
    if (!option.ignored?.test(text)) return { source: "environment", called: variable, text };
    warn(`${variable} is ignored: ${quoted(text)} is what Kubernetes sets for a service of that name.`);
  }
  const kept = option.setting === undefined ? undefined : setting(option.setting);
  if (kept === undefined) return undefined;
  return { source: "file", called: `the setting ${option.setting}`, text: String(kept) };
}

const quoted = (text: string) => JSON.stringify(repeatable(text).slice(0, 80));

function complaint(found: Found, option: Option<unknown>, wanted: string): string {
  const instead = option.secret === true ? "" : `, not ${quoted(found.text)}`;
  return `${found.called} must be ${wanted}${instead}.`;
}

/**
 * Resolves the options `names` from flag, environment, settings file and default. All other options get their default.
 * Returns one sentence for each invalid value; secrets are never quoted.
 */
export function resolve(names: Iterable<OptionName>, given: Given): Resolved & { complaints: string[] } {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(options) as OptionName[]) values[name] = optionNamed(name).fallback;
  const sources: Resolved["sources"] = {};
  const complaints: string[] = [];
  const warnings: string[] = [];
  for (const name of names) {
    const option = optionNamed(name);
    const found = find(name, option, given, (sentence) => warnings.push(sentence));
    sources[name] = found?.source ?? "default";
    if (!found) continue;
    try {
      values[name] = option.parse(found.text);
    } catch (error) {
      complaints.push(complaint(found, option, error instanceof Error ? error.message : "something else"));
    }
  }
  return { values: values as Values, sources, warnings, complaints };
}
