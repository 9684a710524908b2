import { isShown, join, paint, styles, type Display, type Style } from "./display.ts";

/** The first line of a quote that GitHub shows with a title. */
const KINDS: ReadonlyMap<string, Style> = new Map([
  ["NOTE", styles.info],
  ["TIP", styles.good],
  ["IMPORTANT", styles.heading],
  ["WARNING", styles.warn],
  ["CAUTION", styles.error],
]);
const MARK = /^ *\[!([a-z]+)\][ \t]*(?:\n|$)/i;

/** `[!NOTE]` above the text of a quote as a word in colour; without colour the mark is kept. */
export function callout(text: string, display: Display): { title: string; rest: string } | undefined {
  const [mark = "", kind = ""] = MARK.exec(text) ?? [];
  const color = KINDS.get(kind.toUpperCase());
  if (color === undefined) return undefined;
  const style = join(styles.bold, color);
  const title = isShown(style, display) ? paint(kind.toUpperCase(), style, display) : mark.trim();
  return { title, rest: text.slice(mark.length) };
}
