/** Width of help and other text for people, in columns, whatever the terminal's width is. */
export const WIDTH = 80;

/** Wraps text into lines of at most `width` characters. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Formats rows as two columns. If the left entry is too long, its text starts on the next line. */
export function columns(rows: readonly (readonly [string, string])[], left: number): string[] {
  const gap = " ".repeat(left + 2);
  return rows.flatMap(([term, text]) => {
    const lines = wrapped(text, WIDTH - left - 2);
    const [first = "", ...more] = lines;
    const under = more.map((line) => gap + line);
    if (term.length > left - 1) return [`  ${term}`, gap + first, ...under];
    return [`  ${term.padEnd(left)}${first}`, ...under];
  });
}
