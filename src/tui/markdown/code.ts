import { highlightTree, type Highlighter, loadedHighlighter } from "./highlight.ts";
import { glyphs, paint, styles, type Display } from "./display.ts";

/** Renders the lines of one code block as they arrive. */
export interface CodeRenderer {
  /** The line above the code. */
  head(): string;
  line(source: string): string;
}

/** Lines of an open comment or string that are highlighted again with each new line: its start and its last lines. */
const MEMORY = 24;

/**
 * Code is printed unchanged: not wrapped, not indented, with its tabs. It is coloured only if the block names a known
 * language and the highlighter is loaded; the language is never guessed. `number` is what `/copy` takes for the block.
 */
export function createCodeRenderer(info: string, display: Display, number?: number): CodeRenderer {
  const language = /^[^\s,{]*/.exec(info.trim())?.[0].toLowerCase() ?? "";
  const { rule, dot } = glyphs(display);
  const copy = number === undefined ? "" : `/copy ${number}`;
  const words = [language, copy].filter((word) => word !== "").join(` ${dot} `);
  const highlighter = display.color ? loadedHighlighter(language) : undefined;
  // The lines since the last one that ended outside of comments, strings and other constructs.
  let open: string[] = [];

  return {
    head: () => paint(`${rule}${rule} ${words}`.trimEnd(), styles.dim, display),
    line(source) {
      if (highlighter === undefined) return source;
      const painted = paintLast(open, source, highlighter, display);
      open = painted.neutral ? [] : remember(open, source);
      return painted.text;
    },
  };
}

function remember(open: string[], line: string): string[] {
  const lines = [...open, line];
  return lines.length <= MEMORY ? lines : [lines[0] as string, ...lines.slice(1 - MEMORY / 2)];
}

function paintLast(
  open: string[],
  line: string,
  highlighter: Highlighter,
  display: Display,
): { text: string; neutral: boolean } {
  // The depth of the last line end in the tree shows whether a construct is still open.
  const pieces = highlightTree(highlighter, [...open, line, ""].join("\n"));
  let skip = open.length;
  let text = "";
  for (const piece of pieces) {
    const parts = piece.text.split("\n");
    parts.forEach((part, i) => {
      if (i > 0) skip -= 1;
      if (skip === 0) text += paint(part, piece.style, display);
    });
  }
  return { text, neutral: pieces.at(-1)?.depth === 0 };
}
