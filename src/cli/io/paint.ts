/** Parameters of SGR (ECMA-48). */
const codes = { red: 31, green: 32, dim: 2 };

export type Paint = keyof typeof codes;

/** Colours text if `color` is true. */
export const painted = (text: string, paint: Paint, color: boolean): string =>
  color ? `\x1b[${codes[paint]}m${text}\x1b[0m` : text;
