import { hardWrap } from "../markdown/hard-wrap.ts";
import { paint, styles, type Display } from "../markdown/display.ts";
import { width } from "../terminal/width.ts";

/**
 * The chosen line of a list: marked, and inverse over the widest line of the list, which has `cells`, with a space at each
 * side. Never as wide as the screen.
 */
export function chosenLine(text: string, cells: number, display: Display): string {
  const fitting = hardWrap(`> ${text}`, display.columns - 1)[0] ?? "";
  if (!display.color) return fitting;
  const most = Math.min(cells + 3, display.columns - 1);
  return paint(fitting + " ".repeat(Math.max(0, most - width(fitting))), styles.inverse, display);
}
