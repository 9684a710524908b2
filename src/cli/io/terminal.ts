import type { SettingValues } from "../../client/kept/settings.ts";
import { isMonochrome } from "./terminal-traits.ts";

type Env = Record<string, string | undefined>;

const isSet = (value: string | undefined): value is string => value !== undefined && value !== "";

/**
 * The colour preference from `--no-color`, `NO_COLOR` (if not empty), then `FORCE_COLOR`; undefined if none is set
 * (docs/cli.md#colour-and-characters).
 */
export function colorPreference(noColor: boolean, env: Env): boolean | undefined {
  if (noColor || isSet(env.NO_COLOR)) return false;
  if (isSet(env.FORCE_COLOR)) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  return undefined;
}

/** Whether a stream gets colours: without a preference, a terminal that has them. */
export function hasColor(stream: { isTTY?: boolean }, preference: boolean | undefined, env: Env): boolean {
  return preference ?? (stream.isTTY === true && !isMonochrome(env));
}

/** The colours for a stream by the setting `theme` (docs/cli.md#colour-and-characters). */
export function themeTraits(
  theme: SettingValues["theme"],
  color: boolean,
): { color: boolean; theme: Exclude<SettingValues["theme"], "none"> } {
  return theme === "none" ? { color: false, theme: "ansi" } : { color, theme };
}

/** Sets NO_COLOR and FORCE_COLOR. Must run before chalk is loaded, which reads them then. */
export function setColorVariables(preference: boolean | undefined, env: Env): void {
  delete env.NO_COLOR;
  if (preference === undefined || (preference && !isSet(env.FORCE_COLOR))) delete env.FORCE_COLOR;
  else if (!preference) env.FORCE_COLOR = "0";
}

/** Whether the locale is not UTF-8 (docs/cli.md#colour-and-characters). */
export function isAscii(env: Env): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(isSet);
  return locale !== undefined && !/utf-?8/i.test(locale);
}

/** Whether the session uses line mode: on request, or because TERM is dumb. */
export function wantsPlain(plain: boolean, env: Env): boolean {
  const { ACCESSIBLE } = env;
  const accessible = isSet(ACCESSIBLE) && ACCESSIBLE !== "0" && ACCESSIBLE.toLowerCase() !== "false";
  return plain || accessible || env.TERM === "dumb";
}
