/** Signs at the beginning of a line: headings, quotes, list items, fences and rules. */
const atLineStart =
  /^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+][ \t]+(?:\[[ xX]\][ \t]+)?|\d{1,9}[.)][ \t]+|(?:`{3,}|~{3,})[^\n]*$|[-*_=|: \t]{3,}$)+/gm;
const link = /!?\[([^[\]\n]*)\](?:\([^()\n]*\)|\[[^[\]\n]*\])/g;
/** Emphasis: its first mark before a word, its last one behind it. */
const opening = /(?<![\p{L}\p{N}*_~])(?:\*{1,3}|_{1,3}|~~)(?=[^\s*_~])/gu;
const closing = /(?<=[^\s*_~])(?:\*{1,3}|_{1,3}|~~)(?![\p{L}\p{N}*_~])/gu;
const code = /(`+)([^`\n]+)\1(?!`)/g;
const cellEdge = /^[ \t]*\||\|[ \t]*$/gm;

/** Markdown without its signs, for a line that quotes a part of it. The text may begin and end anywhere. */
export function plainMarkdown(text: string): string {
  return text
    .replaceAll(atLineStart, "")
    .replaceAll(cellEdge, "")
    .replaceAll(link, "$1")
    .replaceAll(code, "$2")
    .replaceAll(opening, "")
    .replaceAll(closing, "");
}
