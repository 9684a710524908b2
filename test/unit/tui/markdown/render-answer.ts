import { createAnswerPrinter } from "../../../../src/tui/markdown/answer.ts";
import type { Look } from "../../../../src/tui/markdown/look.ts";

/** A whole answer in one chunk. */
export function renderAnswer(source: string, look: Look): string {
  const printer = createAnswerPrinter(() => look);
  return printer.feed(source) + printer.end();
}
