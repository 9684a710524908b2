import { hardWrap } from "../markdown/hard-wrap.ts";
import { paint, styles, type Display } from "../markdown/display.ts";
import { width } from "../terminal/width.ts";
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

/** A list of slash commands. A long label is truncated, so that its help is visible. */
export function Menu({ items, index, rows, display }: MenuProps) {
  const first = Math.max(0, Math.min(index - rows + 1, items.length - rows));
  const shown = items.slice(first, first + rows).map(({ label, help }) => {
    const fitting = hardWrap(label, Math.max(8, Math.floor(display.columns * 0.6)))[0] ?? "";
    return { label: fitting, cells: width(fitting), help };
  });
  const widest = Math.max(...shown.map(({ cells }) => cells));
  const lines = shown.map(({ label, cells, help }, i) => {
    const chosen = first + i === index;
    const text = `${chosen ? "> " : "  "}${label}${" ".repeat(widest - cells)}  `;
    return paint(text, chosen ? styles.accent : styles.plain, display) + paint(help, styles.dim, display);
  });
  return <Lines lines={lines} display={display} />;
}
