import { truncate } from "../markdown/hard-wrap.ts";
import { glyphs, paint, styles, type Display } from "../markdown/display.ts";
import { width } from "../terminal/width.ts";
import { chosenLine } from "./chosen-line.ts";
import { Lines } from "./Lines.tsx";

export interface MenuItem {
  label: string;
  help: string;
}

interface MenuProps {
  items: readonly MenuItem[];
  index: number;
  /** Most rows of the menu; the chosen item is always shown. */
  rows: number;
  display: Display;
}

/** Most items at once. */
const MOST_ITEMS = 8;
/** Largest part of the screen for labels. */
const LABEL_SHARE = 0.6;

/** The rows that a menu of so many items wants: a longer one says in its last row how many more there are. */
export const menuHeight = (items: number): number => (items > MOST_ITEMS ? MOST_ITEMS + 1 : items);

/** A list of slash commands. A long label is truncated, so that its help is visible. */
export function Menu({ items, index, rows, display }: MenuProps) {
  const isWhole = items.length <= Math.min(rows, MOST_ITEMS);
  const many = isWhole ? items.length : Math.max(1, Math.min(rows - 1, MOST_ITEMS));
  const first = Math.max(0, Math.min(index - many + 1, items.length - many));
  const { ellipsis } = glyphs(display);
  const shown = items.slice(first, first + many).map(({ label, help }) => {
    const fitting = truncate(label, Math.max(8, Math.floor(display.columns * LABEL_SHARE)), ellipsis);
    return { label: fitting, cells: width(fitting), help };
  });
  const widest = Math.max(...shown.map(({ cells }) => cells));
  const room = Math.max(1, display.columns - 1 - (2 + widest + 2));
  const helps = shown.map(({ help }) => truncate(help, room, ellipsis));
  const longest = widest + 2 + Math.max(...helps.map(width));
  const lines = shown.map(({ label, cells }, i) => {
    const [text, help = ""] = [`${label}${" ".repeat(widest - cells)}  `, helps[i]];
    if (first + i === index) return chosenLine(text + help, longest, display);
    return `  ${text}${paint(help, styles.dim, display)}`;
  });
  const more = isWhole || rows < 2 ? [] : [moreLine(first, items.length - first - many, display)];
  return <Lines lines={[...lines, ...more]} display={display} />;
}

/** `  ↑ 2 · ↓ 8 more`: how many are above and below. */
function moreLine(above: number, below: number, display: Display): string {
  const { up, down, dot } = glyphs(display);
  const parts = [...(above > 0 ? [`${up} ${above}`] : []), ...(below > 0 ? [`${down} ${below}`] : [])];
  return paint(`  ${parts.join(` ${dot} `)} more`, styles.dim, display);
}
