import { parseSetting, settingNames, type SettingName, type Settings } from "../client/settings.ts";
import { usualServer } from "./chosen-server.ts";
import type { Source } from "./resolve.ts";

/** A setting as it holds now, and where its value came from. */
export interface SettingNow {
  key: SettingName;
  value: string | number | boolean | null;
  source: Source;
}

/** Environment variables that go before the settings file, the first that says something. */
const variables: Partial<Record<SettingName, readonly string[]>> = {
  server: ["AI_CHAT_SERVER"],
  editor: ["VISUAL", "EDITOR"],
};

const fallbacks: Record<SettingName, SettingNow["value"]> = {
  server: usualServer,
  save: true,
  plain: false,
  timeout: 300,
  editor: null,
};

function settingNow(
  key: SettingName,
  settings: Settings,
  env: Record<string, string | undefined>,
): SettingNow {
  const said = (variables[key] ?? [])
    .map((name) => env[name])
    .find((text) => text !== undefined && text !== "");
  if (said !== undefined) return { key, value: parseSetting(key, said), source: "environment" };
  const kept = settings.get(key);
  if (kept !== undefined) return { key, value: kept, source: "file" };
  return { key, value: fallbacks[key], source: "default" };
}

/** Every setting: environment, file, default (CLI.md §1). Throws `usage` for a variable that can't be used. */
export function settingsNow(settings: Settings, env: Record<string, string | undefined>): SettingNow[] {
  return settingNames.map((key) => settingNow(key, settings, env));
}
