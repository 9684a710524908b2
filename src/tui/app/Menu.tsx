import { paint, styles, type Look } from "../markdown/look.ts";
import { usage, type Command } from "../session/commands.ts";
import { Lines } from "./Lines.tsx";

interface MenuProps {
  items: readonly Command[];
  index: number;
  /** Rows that it may take; the chosen item is always among them. */
  rows: number;
  look: Look;
}

/** The slash commands that what is typed may become. */
export function Menu({ items, index, rows, look }: MenuProps) {
  const first = Math.max(0, Math.min(index - rows + 1, items.length - rows));
  const widest = Math.max(...items.map((item) => usage(item).length));
  const lines = items.slice(first, first + rows).map((item, i) => {
    const chosen = first + i === index;
    const text = `${chosen ? "> " : "  "}${usage(item).padEnd(widest)}  `;
    return paint(text, chosen ? styles.cyan : styles.plain, look) + paint(item.help, styles.dim, look);
  });
  return <Lines lines={lines} look={look} />;
}
