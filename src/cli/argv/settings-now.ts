import {
  settingNames,
  type ParseSetting,
  type SettingName,
  type Settings,
} from "../../client/kept/settings.ts";
import { ClientError } from "../../client/failure.ts";
import { optionNamed, options, type OptionName } from "./options.ts";
import { resolve, type Source } from "./resolve.ts";

/** The current value of a setting, and its source. */
export interface SettingNow {
  key: SettingName;
  value: string | number | boolean | null;
  source: Exclude<Source, "flag">;
}

const rows = new Map(
  (Object.keys(options) as OptionName[]).map((name) => [optionNamed(name).setting, name] as const),
);

/** The option that the settings file stores as `key`. */
export function optionOfSetting(key: SettingName): OptionName {
  const name = rows.get(key);
  if (name === undefined) throw new Error(`no option is kept as ${key}`);
  return name;
}

/** The default of a setting, as it is shown; undefined if it has none. */
export function shownDefault(key: SettingName): string | undefined {
  const { shown, fallback } = optionNamed(optionOfSetting(key));
  return shown ?? (fallback === false ? "false" : undefined);
}

/** Parses typed text as the value of a setting. Throws an Error whose message completes "NAME must be …". */
export const parseSetting: ParseSetting = (name, text) =>
  optionNamed(optionOfSetting(name)).parse(text) as ReturnType<typeof parseSetting<typeof name>>;

/** The current value of every setting (docs/cli.md#precedence). Throws `usage` if a variable is invalid. */
export function settingsNow(settings: Settings, env: Record<string, string | undefined>): SettingNow[] {
  const { values, sources, complaints } = resolve(settingNames.map(optionOfSetting), {
    flags: new Map(),
    env,
    setting: (key) => settings.get(key),
  });
  if (complaints.length > 0)
    throw new ClientError("usage", complaints.join("\n"), { hint: "Set it to something else, or unset it." });
  return settingNames.map((key) => {
    const name = optionOfSetting(key);
    // No setting is an object.
    const value = (values[name] ?? optionNamed(name).shown ?? null) as SettingNow["value"];
    const source = sources[name];
    // resolve() got no flags, so the source cannot be "flag"; the check is for the type.
    return { key, value, source: source === undefined || source === "flag" ? "default" : source };
  });
}
