import { createAnswerPrinter } from "../../../../src/tui/markdown/answer.ts";
import type { Display } from "../../../../src/tui/markdown/display.ts";

/** A whole answer in one chunk. */
export function renderAnswer(source: string, display: Display): string {
  const printer = createAnswerPrinter(() => display);
  return printer.feed(source) + printer.end();
}

/** What is drawn, without styles and links. */
export const strip = (text: string): string =>
  text.replaceAll(/\x1b\[[\d;]*m/g, "").replaceAll(/\x1b\]8;;[^\x1b]*\x1b\\/g, "");
