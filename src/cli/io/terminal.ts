type Env = Record<string, string | undefined>;

const isSet = (value: string | undefined): value is string => value !== undefined && value !== "";

/**
 * `--no-color`, then `NO_COLOR` (not empty), then `FORCE_COLOR`; undefined where nobody says
 * (docs/cli.md#colour-and-characters).
 */
export function colorWish(noColor: boolean, env: Env): boolean | undefined {
  if (noColor || isSet(env.NO_COLOR)) return false;
  if (isSet(env.FORCE_COLOR)) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  return undefined;
}

/** Whether a stream may have colours. */
export function hasColor(stream: { isTTY?: boolean }, wish: boolean | undefined, env: Env): boolean {
  return wish ?? (stream.isTTY === true && env.TERM !== "dumb");
}

/**
 * Makes the wish known to the packages that look at the environment when they are loaded (chalk, under Ink). To be
 * called before any of them is: `FORCE_COLOR` is what they look at last.
 */
export function tellPackages(wish: boolean | undefined, env: Env): void {
  delete env.NO_COLOR;
  if (wish === undefined || (wish && !isSet(env.FORCE_COLOR))) delete env.FORCE_COLOR;
  else if (!wish) env.FORCE_COLOR = "0";
}

/** Only ASCII: the first of LC_ALL, LC_CTYPE, LANG that is set names no UTF-8 (docs/cli.md#colour-and-characters). */
export function isAscii(env: Env): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(isSet);
  return locale !== undefined && !/utf-?8/i.test(locale);
}

/** Whether the session is a line mode: asked for, or the terminal can't be drawn on. */
export function wantsPlain(plain: boolean, env: Env): boolean {
  const { ACCESSIBLE } = env;
  const accessible = isSet(ACCESSIBLE) && ACCESSIBLE !== "0" && ACCESSIBLE.toLowerCase() !== "false";
  return plain || accessible || env.TERM === "dumb";
}
